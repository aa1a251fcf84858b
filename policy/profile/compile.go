package profile

import (
	"errors"

	"github.com/postern-dev/postern/policy"
)

// Compiled is a profile found free of contradictions. It is immutable and safe for concurrent use.
type Compiled struct {
	profile Profile
	types   typeRule
	accepts map[string]bool // AcceptMetadata
	key     *template
	// settings are the conditions that every document has, by the dialect's prefix of user
	// metadata.
	settings map[string][]policy.Condition
}

// Compile checks a profile and fills in its defaults. It returns every contradiction at once,
// joined, each a *SettingError that names the setting. Later changes to p have no effect on what is
// returned.
func Compile(p Profile) (*Compiled, error) {
	c := &Compiled{profile: p.withDefaults()}
	k := &checker{profile: p.Name}
	c.checkNames(k)
	c.checkKey(k)
	c.checkTypes(k)
	c.checkSizes(k)
	c.checkLimits(k)
	c.checkStorage(k)
	c.checkMetadata(k)
	c.checkWeb(k)
	c.checkTexts(k)
	if err := errors.Join(k.found...); err != nil {
		return nil, err
	}
	c.settings = c.settingsByDialect()
	return c, nil
}

// Profile returns a copy of the profile with its defaults filled in.
func (c *Compiled) Profile() Profile {
	return c.profile.withDefaults()
}
