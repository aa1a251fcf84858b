package setup

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// plain returns rules as encoding/json should write them for the AWS CLI, which refuses null.
func plain[Rule any](rules []Rule) []any {
	out := make([]any, len(rules))
	for i, rule := range rules {
		//lint:ignore SA1019 rules were written with it before there were filters, and buckets still have such rules
		if r, ok := any(rule).(types.LifecycleRule); ok && r.Filter == nil && r.Prefix == nil {
			//lint:ignore SA1019 rules were written with it before there were filters, and buckets still have such rules
			r.Prefix = aws.String("") // the SDK reads an empty prefix as none, and S3 wants one of the two
			out[i] = withoutNull(reflect.ValueOf(r))
			continue
		}
		out[i] = withoutNull(reflect.ValueOf(rule))
	}
	return out
}

// withoutNull returns a value of the SDK's types as maps, lists, texts and numbers, without the
// members that have no value.
func withoutNull(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return withoutNull(v.Elem())
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = withoutNull(v.Index(i))
		}
		return out
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			return at.UTC().Format(time.RFC3339)
		}
		out := map[string]any{}
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && !v.Field(i).IsZero() {
				out[field.Name] = withoutNull(v.Field(i))
			}
		}
		return out
	case reflect.String:
		return v.String()
	}
	return v.Interface()
}

func indented(value any) string {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Diff is the difference in text: for each kind a line for each rule that comes or goes, and how
// many stay.
func (r *Result) Diff() string {
	var text strings.Builder
	for _, b := range r.Buckets {
		fmt.Fprintf(&text, "bucket %s\n", b.Bucket)
		if b.CORS != nil {
			writeDiff(&text, b, corsRules, b.corsBefore.rules, corsLine)
		}
		if b.Lifecycle != nil {
			writeDiff(&text, b, lifecycleRules, b.lifecycleBefore.rules, lifecycleLine)
			for _, wanted := range b.wanted.Lifecycle {
				if id := b.wanted.coveredBy(b.lifecycleBefore.rules, wanted); id != "" {
					fmt.Fprintf(&text, "    rule %q covers %s\n", id, lifecycleLine(wanted))
				}
			}
		}
	}
	return text.String()
}

// writeDiff writes what changes of one kind of rules, and how many rules stay.
func writeDiff[Rule any](text *strings.Builder, b BucketRules, k ruleKind[Rule], before []Rule, line func(Rule) string) {
	m, changed := k.merge(b.wanted, before)
	switch {
	case slices.Contains(b.Written, k.name):
		fmt.Fprintf(text, "  %s rules: written, %d others stay\n", k.name, len(before)-len(m.drop))
	case changed:
		fmt.Fprintf(text, "  %s rules: differ, %d others stay\n", k.name, len(before)-len(m.drop))
	default:
		fmt.Fprintf(text, "  %s rules: nothing to change, %d are there\n", k.name, len(before))
	}
	for _, i := range m.drop {
		fmt.Fprintf(text, "  - %s: %s\n", aws.ToString(k.id(before[i])), line(before[i]))
	}
	for _, rule := range m.add {
		fmt.Fprintf(text, "  + %s: %s\n", aws.ToString(k.id(rule)), line(rule))
	}
}

func corsLine(rule types.CORSRule) string {
	join := func(list []string) string {
		if len(list) == 0 {
			return "none"
		}
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s from %s; headers %s; exposed %s; for %d s", join(rule.AllowedMethods), join(rule.AllowedOrigins),
		join(rule.AllowedHeaders), join(rule.ExposeHeaders), aws.ToInt32(rule.MaxAgeSeconds))
}

func lifecycleLine(rule types.LifecycleRule) string {
	prefix, _ := prefixOf(rule)
	if rule.Expiration != nil {
		return fmt.Sprintf("expire objects below %q after %d days", prefix, aws.ToInt32(rule.Expiration.Days))
	}
	if abort := rule.AbortIncompleteMultipartUpload; abort != nil {
		return fmt.Sprintf("abort multipart uploads below %q after %d days", prefix, aws.ToInt32(abort.DaysAfterInitiation))
	}
	return fmt.Sprintf("a rule for %q", prefix)
}

// Terraform writes the rules as resources of Terraform's AWS provider. Such a resource owns all
// rules of its bucket, so those of others are in it as well.
func (r *Result) Terraform() string {
	var text strings.Builder
	for i, b := range r.Buckets {
		name := fmt.Sprintf("postern_%d", i+1)
		if b.CORS != nil {
			fmt.Fprintf(&text, "resource \"aws_s3_bucket_cors_configuration\" %q {\n  bucket = %s\n", name, quoteHCL(b.Bucket))
			for _, rule := range b.CORS.CORSRules {
				writeBlock(&text, "  ", "cors_rule", rule)
			}
			text.WriteString("}\n")
		}
		if b.Lifecycle != nil && len(b.Lifecycle.Rules) > 0 {
			fmt.Fprintf(&text, "resource \"aws_s3_bucket_lifecycle_configuration\" %q {\n  bucket = %s\n", name, quoteHCL(b.Bucket))
			if smallest := b.lifecycleBefore.smallest; smallest != "" {
				fmt.Fprintf(&text, "  transition_default_minimum_object_size = %s\n", quoteHCL(string(smallest)))
			}
			for _, rule := range b.Lifecycle.Rules {
				writeBlock(&text, "  ", "rule", rule)
			}
			text.WriteString("}\n")
		}
	}
	return text.String()
}

// writeBlock writes a rule of withoutNull as a block: its members by their names in lower case,
// structs as blocks, lists of structs as one block for each. Tags are a map there.
func writeBlock(text *strings.Builder, indent, name string, value any) {
	fmt.Fprintf(text, "%s%s {\n", indent, name)
	members, _ := value.(map[string]any)
	names := make([]string, 0, len(members))
	for member := range members {
		names = append(names, member)
	}
	slices.Sort(names)
	for _, member := range names {
		writeMember(text, indent+"  ", member, members[member])
	}
	fmt.Fprintf(text, "%s}\n", indent)
}

// writeMember writes a member of a block as Terraform's AWS provider names it: texts and numbers as
// attributes, lists of texts too, all else as blocks.
func writeMember(text *strings.Builder, indent, member string, value any) {
	name := snakeCase(member)
	switch value := value.(type) {
	case map[string]any:
		writeBlock(text, indent, name, value)
	case []any:
		if len(value) > 0 && reflect.TypeOf(value[0]).Kind() == reflect.String {
			var quoted []string
			for _, item := range value {
				quoted = append(quoted, quoteHCL(item.(string)))
			}
			fmt.Fprintf(text, "%s%s = [%s]\n", indent, name, strings.Join(quoted, ", "))
			return
		}
		if member == "Tags" {
			fmt.Fprintf(text, "%stags = {\n", indent)
			for _, item := range value {
				tag, _ := item.(map[string]any)
				key, _ := tag["Key"].(string)
				content, _ := tag["Value"].(string)
				fmt.Fprintf(text, "%s  %s = %s\n", indent, quoteHCL(key), quoteHCL(content))
			}
			fmt.Fprintf(text, "%s}\n", indent)
			return
		}
		for _, item := range value {
			writeBlock(text, indent, strings.TrimSuffix(name, "s"), item)
		}
	case string:
		fmt.Fprintf(text, "%s%s = %s\n", indent, name, quoteHCL(value))
	default:
		fmt.Fprintf(text, "%s%s = %v\n", indent, name, value)
	}
}

// snakeCase writes a member of the SDK's types as Terraform's AWS provider does: ID is id,
// DaysAfterInitiation days_after_initiation.
func snakeCase(name string) string {
	var out strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// quoteHCL writes a text of Terraform's language, where ${ and %{ begin a template.
func quoteHCL(text string) string {
	quoted, _ := json.Marshal(text)
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(quoted))
}
