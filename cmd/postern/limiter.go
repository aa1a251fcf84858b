package main

import (
	"reflect"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/policy/profile"
)

// limiter counts what visitors have used up of the limits it was made with.
type limiter struct {
	*quota.Memory
	limits quota.Config // its profiles hold nothing but what limits uploads
}

// newLimiter returns previous, with all that it has counted, if its limits are the same; otherwise
// a limiter that has counted nothing.
func newLimiter(previous *limiter, profiles []profile.Profile, file config.Limits) (*limiter, error) {
	settings := quota.Config{Issues: file.Issues, Burst: file.Burst, AddressFactor: file.AddressFactor}
	limits := settings
	for _, p := range profiles {
		limits.Profiles = append(limits.Profiles, profile.Profile{Name: p.Name, Quota: p.Quota, MaxOpen: p.MaxOpen})
	}
	if previous != nil && reflect.DeepEqual(limits, previous.limits) {
		return previous, nil
	}
	settings.Profiles = profiles
	memory, err := quota.New(settings)
	return &limiter{memory, limits}, err
}
