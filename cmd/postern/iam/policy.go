package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Policy is a policy document in AWS's language, which RAM's resembles.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows or denies actions on resources.
type Statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal any `json:",omitempty"` // "*", or names by kind; nil in the policy of an identity
	Action    []string
	Resource  []string                       `json:",omitempty"` // none in the trust policy of a role
	Condition map[string]map[string][]string `json:",omitempty"` // values by key by operator
}

// The effects of a statement.
const (
	allow = "Allow"
	deny  = "Deny"
)

// Size is how much of a size limit the policy takes up: its characters as compact JSON, since white
// space doesn't count ("IAM and AWS STS quotas" in the IAM User Guide).
func (p Policy) Size() int {
	text, _ := json.Marshal(p) // texts only, which always encode
	return len(text)
}

// grants collects which actions are allowed on which resources.
type grants struct {
	resources []string // in the order in which they were named
	actions   map[string][]string
}

// allow adds actions on a resource; those that it has already are left out.
func (g *grants) allow(resource string, actions ...string) {
	if len(actions) == 0 {
		return
	}
	if g.actions == nil {
		g.actions = map[string][]string{}
	}
	if _, known := g.actions[resource]; !known {
		g.resources = append(g.resources, resource)
	}
	for _, action := range actions {
		if !slices.Contains(g.actions[resource], action) {
			g.actions[resource] = append(g.actions[resource], action)
		}
	}
}

// statements returns one statement for all resources with the same actions. sid begins its name.
func (g *grants) statements(sid string) (list []Statement) {
	index := map[string]int{} // of statements by their actions
	for _, resource := range g.resources {
		actions := slices.Sorted(slices.Values(g.actions[resource]))
		set := strings.Join(actions, " ")
		at, known := index[set]
		if !known {
			at, index[set] = len(list), len(list)
			list = append(list, Statement{Sid: numbered(sid, at), Effect: allow, Action: actions})
		}
		list[at].Resource = append(list[at].Resource, resource)
	}
	return list
}

// numbered keeps the names of a policy's statements different.
func numbered(sid string, before int) string {
	if before == 0 {
		return sid
	}
	return fmt.Sprintf("%s%d", sid, before+1)
}
