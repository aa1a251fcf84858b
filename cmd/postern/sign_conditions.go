package main

import (
	"strconv"
	"strings"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// conditions turns the flags into conditions, in the order in which the form will have its fields.
func (s *signCommand) conditions(dialect *sigv4.Dialect) ([]policy.Condition, error) {
	if strings.Contains(s.Key, "${filename}") {
		return nil, badUsage("--key %q: wanted one exact key; the store puts the visitor's file name in place of ${filename}, so name what the key begins with by --key-prefix", s.Key)
	}
	names := policy.AttributeNamesOf(dialect)
	list := s.fieldConditions(names)
	if s.Size != "" {
		smallest, largest, err := profile.ParseRange(s.Size)
		if err != nil {
			return nil, badUsage("--size %q: wanted a range such as 1..10MiB", s.Size)
		}
		list = append(list, policy.ContentLengthRange(smallest, largest))
	}
	for _, text := range s.Meta {
		name, value, err := parsePair("--meta", text)
		if err != nil {
			return nil, err
		}
		list = append(list, policy.Equal(names.MetadataPrefix+strings.ToLower(name), value))
	}
	for _, text := range s.Field {
		name, value, err := parsePair("--field", text)
		if err != nil {
			return nil, err
		}
		list = append(list, policy.Equal(name, value))
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

// fieldConditions are those of the flags that stand for one field each.
func (s *signCommand) fieldConditions(names policy.AttributeNames) []policy.Condition {
	list := []policy.Condition{policy.Bucket(s.Bucket)}
	if s.KeyPrefix != "" {
		list = append(list, policy.KeyPrefix(s.KeyPrefix))
	} else {
		list = append(list, policy.Key(s.Key))
	}
	switch {
	case s.ACL == "":
	case names.ACLField == "acl":
		list = append(list, policy.ACL(policy.CannedACL(s.ACL)))
	default:
		list = append(list, policy.Equal(names.ACLField, s.ACL))
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

func typeCondition(text string) policy.Condition {
	if text == "*/*" {
		return policy.StartsWith("Content-Type", "")
	}
	if family, ok := strings.CutSuffix(text, "/*"); ok {
		return policy.ContentTypePrefix(family + "/")
	}
	return policy.ContentType(text)
}

// parsePair reads NAME=VALUE.
func parsePair(flag, text string) (name, value string, err error) {
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
