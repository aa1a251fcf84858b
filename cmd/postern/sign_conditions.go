package main

import (
	"strconv"
	"strings"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// conditions turns the flags into conditions, in the order in which the form will have its fields.
func (s *signCommand) conditions() ([]policy.Condition, error) {
	list := []policy.Condition{policy.Bucket(s.Bucket)}
	if s.KeyPrefix != "" {
		list = append(list, policy.KeyPrefix(s.KeyPrefix))
	} else {
		list = append(list, policy.Key(s.Key))
	}
	list = append(list, s.plain()...)
	if s.Size != "" {
		least, most, err := profile.ParseRange(s.Size)
		if err != nil {
			return nil, badUsage("--size %q: wanted a range such as 1..10MiB", s.Size)
		}
		list = append(list, policy.ContentLengthRange(least, most))
	}
	list, err := s.named(list)
	if err != nil {
		return nil, err
	}
	for _, text := range s.Condition {
		c, err := parseCondition(text)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// plain are the flags that name one field each.
func (s *signCommand) plain() (list []policy.Condition) {
	if s.ACL != "" {
		list = append(list, s.acl())
	}
	if s.Type != "" {
		list = append(list, typeCondition(s.Type))
	}
	if s.Redirect != "" {
		list = append(list, policy.SuccessActionRedirect(s.Redirect))
	}
	if s.Status != 0 {
		list = append(list, policy.Equal("success_action_status", strconv.Itoa(s.Status)))
	}
	return list
}

func (s *signCommand) acl() policy.Condition {
	if field := s.attributes().ACLField; field != "acl" {
		return policy.Equal(field, s.ACL)
	}
	return policy.ACL(policy.CannedACL(s.ACL))
}

// attributes are the names of fields in the dialect of --dialect.
func (s *signCommand) attributes() policy.AttributeNames {
	d, _ := sigv4.ParseDialect(s.Dialect) // nil, which is AWS, before the flag is checked
	return policy.AttributeNamesOf(d)
}

func typeCondition(text string) policy.Condition {
	if text == "*/*" {
		return policy.StartsWith("Content-Type", "")
	}
	if family, ok := strings.CutSuffix(text, "/*"); ok {
		return policy.ContentTypePrefix(family + "/")
	}
	return policy.ContentType(text)
}

// named are the flags that take NAME=VALUE.
func (s *signCommand) named(list []policy.Condition) ([]policy.Condition, error) {
	for _, text := range s.Meta {
		name, value, err := pair("--meta", text)
		if err != nil {
			return nil, err
		}
		list = append(list, policy.Equal(s.attributes().MetadataPrefix+strings.ToLower(name), value))
	}
	for _, text := range s.Field {
		name, value, err := pair("--field", text)
		if err != nil {
			return nil, err
		}
		list = append(list, policy.Equal(name, value))
	}
	return list, nil
}

func pair(flag, text string) (name, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return "", "", badUsage("%s %q: wanted NAME=VALUE", flag, text)
	}
	return name, value, nil
}

// parseCondition reads one condition as strictly as a whole policy.
func parseCondition(text string) (policy.Condition, error) {
	d, err := policy.Parse(`{"expiration":"2026-01-01T00:00:00Z","conditions":[` + text + `]}`)
	if err != nil || len(d.Conditions) != 1 {
		return policy.Condition{}, badUsage(`--condition %q: wanted one condition such as ["starts-with","$key","users/1/"]`, text)
	}
	return d.Conditions[0], nil
}
