package config

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/sigv4"
)

// webhookList is one webhook, or a list of them.
type webhookList []webhookSection

type webhookSection struct {
	URL      string   `yaml:"url"`
	Secret   string   `yaml:"secret"`
	Secrets  []string `yaml:"secrets"`
	Types    []string `yaml:"types"`
	Networks []string `yaml:"networks"`
}

// UnmarshalYAML reads what checkNode has found to be one of the two.
func (w *webhookList) UnmarshalYAML(decode func(any) error) error {
	var list []webhookSection
	if err := decode(&list); err == nil {
		*w = list
		return nil
	}
	list = make([]webhookSection, 1)
	*w = list
	return decode(&list[0])
}

// webhooks reads who is told what becomes of the uploads of each profile.
func (l *loader) webhooks(d *document) (list []webhooks.EndpointConfig) {
	seen := map[string]bool{}
	for _, profile := range slices.Sorted(maps.Keys(d.Profiles)) {
		hooks := d.Profiles[profile].Webhook
		path := "profiles." + profile + ".webhook"
		if len(hooks) > 0 {
			l.requireLedger(d, path, "it keeps what is to be delivered")
		}
		for i, hook := range hooks {
			at := path
			if len(hooks) > 1 {
				at = fmt.Sprintf("%s[%d]", path, i)
			}
			e := l.webhook(at, profile, hook)
			if name := e.Profile + " " + e.URL; seen[name] {
				l.fail(at+".url", "is there twice")
			} else {
				seen[name] = true
			}
			list = append(list, e)
		}
	}
	return list
}

// webhook reads one endpoint. If every value can be read, package webhooks finds what is wrong.
func (l *loader) webhook(path, profile string, d webhookSection) webhooks.EndpointConfig {
	before := len(l.mistakes)
	e := webhooks.EndpointConfig{Profile: profile, URL: d.URL}
	for i, reference := range d.Secrets {
		e.Secrets = append(e.Secrets, l.hookSecret(fmt.Sprintf("%s.secrets[%d]", path, i), reference))
	}
	if d.Secret != "" {
		e.Secrets = append(e.Secrets, l.hookSecret(path+".secret", d.Secret))
	}
	if d.Secret != "" && len(d.Secrets) > 0 {
		l.fail(path, "wants secret or secrets, not both")
	}
	for i, text := range d.Networks {
		e.Networks = append(e.Networks, l.network(fmt.Sprintf("%s.networks[%d]", path, i), text))
	}
	for _, text := range d.Types {
		e.Types = append(e.Types, webhooks.Type(text))
	}
	if len(l.mistakes) > before {
		return e
	}
	checked := e
	if l.withoutSecrets && len(e.Secrets) > 0 {
		checked.Secrets = []sigv4.Secret{"stands for what is not read here"}
	}
	if _, err := webhooks.NewEndpoint(checked); err != nil {
		for line := range strings.Lines(err.Error()) {
			l.fail(path, "%s", strings.TrimPrefix(strings.TrimSpace(line), "webhooks: "))
		}
	}
	return e
}

// hookSecret returns a secret that an application shares. One application may use one for several
// profiles, but it is none of our other secrets, in either spelling.
func (l *loader) hookSecret(path, reference string) sigv4.Secret {
	value, ok := l.referred(path, reference, "a secret, made with: echo \"whsec_$(openssl rand -base64 32)\"")
	if !ok {
		return ""
	}
	spellings := []string{value}
	if encoded, isEncoded := strings.CutPrefix(value, "whsec_"); isEncoded {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			spellings = append(spellings, string(key), encoded)
		}
	}
	for _, spelling := range spellings {
		if other, taken := l.secrets[spelling]; taken && !strings.Contains(other, ".webhook") {
			l.fail(path, "%s holds the same secret as %s; wants one of its own", shorten(reference), other)
			break
		}
		l.secrets[spelling] = path
	}
	return sigv4.Secret(value)
}
