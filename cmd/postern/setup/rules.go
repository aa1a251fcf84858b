package setup

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/postern-dev/postern/cmd/postern/findings"
)

// ruleKind is one kind of rules and how they are read and written.
type ruleKind[Rule any] struct {
	name          string // as findings and errors name it
	root, element string // of the XML
	limit         int    // how many S3 takes
	right         string // what an identity has to be allowed beside reading
	absent        string // the store's code for a bucket without any
	get           func(ctx context.Context, client *s3.Client, bucket string, o func(*s3.Options)) (rules []Rule, smallest types.TransitionDefaultMinimumObjectSize, err error)
	put           func(ctx context.Context, client *s3.Client, bucket string, after state[Rule], o func(*s3.Options)) error
	remove        func(ctx context.Context, client *s3.Client, bucket string) error
	merge         func(w Wanted, there []Rule) (merge[Rule], bool)
	check         func(w Wanted, there []Rule) []findings.Finding
	xml           func(Rule) any
	id            func(Rule) *string
}

// state is what a bucket has of one kind of rules.
type state[Rule any] struct {
	rules    []Rule
	document document
	// smallest is a setting of lifecycle rules that stands beside them: every write has to name it,
	// or S3 changes it.
	smallest types.TransitionDefaultMinimumObjectSize
}

// corsRules: "PutBucketCors" in the S3 API reference, and "Configuring cross-origin resource
// sharing" in the S3 User Guide for the limit.
var corsRules = ruleKind[types.CORSRule]{
	name: "CORS", root: "CORSConfiguration", element: "CORSRule", limit: 100, right: "s3:PutBucketCORS", absent: "NoSuchCORSConfiguration",
	get: func(ctx context.Context, client *s3.Client, bucket string, o func(*s3.Options)) ([]types.CORSRule, types.TransitionDefaultMinimumObjectSize, error) {
		out, err := client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &bucket}, o)
		if err != nil {
			return nil, "", err
		}
		return out.CORSRules, "", nil
	},
	put: func(ctx context.Context, client *s3.Client, bucket string, after state[types.CORSRule], o func(*s3.Options)) error {
		in := &s3.PutBucketCorsInput{Bucket: &bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: after.rules}}
		_, err := client.PutBucketCors(ctx, in, o)
		return err
	},
	remove: func(ctx context.Context, client *s3.Client, bucket string) error {
		_, err := client.DeleteBucketCors(ctx, &s3.DeleteBucketCorsInput{Bucket: &bucket})
		return err
	},
	merge: Wanted.mergeCORS, check: Wanted.CheckCORS, xml: corsXML,
	id: func(r types.CORSRule) *string { return r.ID },
}

// lifecycleRules: "PutBucketLifecycleConfiguration" in the S3 API reference.
var lifecycleRules = ruleKind[types.LifecycleRule]{
	name: "lifecycle", root: "LifecycleConfiguration", element: "Rule", limit: 1000, right: "s3:PutLifecycleConfiguration", absent: "NoSuchLifecycleConfiguration",
	get: func(ctx context.Context, client *s3.Client, bucket string, o func(*s3.Options)) ([]types.LifecycleRule, types.TransitionDefaultMinimumObjectSize, error) {
		out, err := client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket}, o)
		if err != nil {
			return nil, "", err
		}
		return out.Rules, out.TransitionDefaultMinimumObjectSize, nil
	},
	put: func(ctx context.Context, client *s3.Client, bucket string, after state[types.LifecycleRule], o func(*s3.Options)) error {
		in := &s3.PutBucketLifecycleConfigurationInput{Bucket: &bucket, TransitionDefaultMinimumObjectSize: after.smallest,
			LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: after.rules}}
		_, err := client.PutBucketLifecycleConfiguration(ctx, in, o)
		return err
	},
	remove: func(ctx context.Context, client *s3.Client, bucket string) error {
		_, err := client.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: &bucket})
		return err
	},
	merge: Wanted.mergeLifecycle, check: Wanted.CheckLifecycle, xml: lifecycleXML,
	id: func(r types.LifecycleRule) *string { return r.ID },
}

// callTimeout is how long one call may take, retries included.
const callTimeout = 30 * time.Second

// read returns the rules that a bucket has; none is no error.
func (k ruleKind[Rule]) read(ctx context.Context, client *s3.Client, bucket string) (state[Rule], error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var text []byte
	rules, smallest, err := k.get(ctx, client, bucket, readBody(&text))
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == k.absent {
		return state[Rule]{document: newDocument(k.root)}, nil
	}
	if err != nil {
		return state[Rule]{}, err
	}
	d, err := parseDocument(text, k.root, k.element)
	if err == nil && len(d.rules) != len(rules) {
		err = fmt.Errorf("setup: the store's %s has %d rules, and the SDK reads %d of them", k.root, len(d.rules), len(rules))
	}
	return state[Rule]{rules, d, smallest}, err
}

// change returns the state after a merge.
func (k ruleKind[Rule]) change(before state[Rule], m merge[Rule]) (after state[Rule], text []byte, err error) {
	added, err := marshalRules(m.add, k.xml)
	if err != nil {
		return after, nil, err
	}
	after = state[Rule]{rules: m.apply(before.rules), smallest: before.smallest}
	return after, before.document.with(m.drop, added, m.first), nil
}

func marshalRules[Rule any](rules []Rule, toXML func(Rule) any) (out []byte, err error) {
	for _, rule := range rules {
		text, err := xml.Marshal(toXML(rule))
		if err != nil {
			return nil, fmt.Errorf("setup: %w", err)
		}
		out = append(out, text...)
	}
	return out, nil
}

// writeTries is how often rules are written where somebody else writes at the same time.
const writeTries = 6

// apply puts the wanted rules to those of a bucket. S3 has no conditional write of rules: they are
// read right before, and compared right after. Where somebody else has written in between, their
// rules are merged anew.
func (k ruleKind[Rule]) apply(ctx context.Context, client *s3.Client, w Wanted) (after state[Rule], err error) {
	var kept []Rule
	for try := range writeTries {
		if try > 0 {
			pause := time.Duration(rand.Int64N(int64(time.Second))) // so that two don't stay in step
			select {
			case <-ctx.Done():
				return after, ctx.Err()
			case <-time.After(pause):
			}
		}
		if after, err = k.read(ctx, client, w.Bucket); err != nil {
			return after, err
		}
		m, changed := k.merge(w, after.rules)
		if !changed {
			return after, k.lost(w, kept, after.rules)
		}
		if err := k.write(ctx, client, w, after, m); err != nil {
			return after, err
		}
		kept = merge[Rule]{drop: m.drop}.apply(after.rules)
	}
	return after, fmt.Errorf("setup: bucket %q: the %s rules were written %d times and aren't there: somebody else writes them at the same time, or the store doesn't keep them", w.Bucket, k.name, writeTries)
}

// write writes the rules of one merge.
func (k ruleKind[Rule]) write(ctx context.Context, client *s3.Client, w Wanted, before state[Rule], m merge[Rule]) error {
	after, text, err := k.change(before, m)
	if err != nil {
		return err
	}
	if err := k.tooMany(w, after.rules); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if len(after.rules) == 0 {
		return k.remove(ctx, client, w.Bucket)
	}
	return k.put(ctx, client, w.Bucket, after, sendBody(text))
}

// tooMany is the error of more rules than S3 takes.
func (k ruleKind[Rule]) tooMany(w Wanted, after []Rule) error {
	if len(after) <= k.limit {
		return nil
	}
	return fmt.Errorf("setup: bucket %q would have %d %s rules, and S3 takes %d", w.Bucket, len(after), k.name, k.limit)
}

// lost is the error of a foreign rule that was there before our write and isn't any more.
func (k ruleKind[Rule]) lost(w Wanted, before, after []Rule) error {
	for _, rule := range before {
		id := aws.ToString(k.id(rule))
		if strings.HasPrefix(id, "postern-") { // another setup may have changed its own meanwhile
			continue
		}
		if !slices.ContainsFunc(after, func(r Rule) bool { return reflect.DeepEqual(r, rule) }) {
			return fmt.Errorf("setup: bucket %q: %s rule %q was there before and isn't now: the store or somebody else has changed it", w.Bucket, k.name, id)
		}
	}
	return nil
}

// isNotImplemented reports that a store has no such call.
func isNotImplemented(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) && slices.Contains([]string{"NotImplemented", "MethodNotAllowed", "XNotImplemented", "UnsupportedOperation"}, api.ErrorCode()) {
		return true
	}
	status := statusOf(err)
	return status == http.StatusNotImplemented || status == http.StatusMethodNotAllowed
}

func statusOf(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}
