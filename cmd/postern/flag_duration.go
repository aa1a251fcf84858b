package main

import (
	"fmt"
	"reflect"
	"time"

	"github.com/alecthomas/kong"
)

// durationFlags reads every flag that is a length of time, and says how one is written where kong
// would say what Go's parser met.
var durationFlags = kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("duration", &text); err != nil {
		return err
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("wanted a number with a unit (s, m or h) such as 90s, 15m or 168h, got %q", text)
	}
	target.Set(reflect.ValueOf(length))
	return nil
}))
