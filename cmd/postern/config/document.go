package config

// document is the file as written: every key there is, nothing understood yet. Texts that stand for
// sizes, durations, rates and secrets are read later, so that all mistakes are found at once.
type document struct {
	Listen         string                 `yaml:"listen"`
	PublicURL      string                 `yaml:"public_url"`
	Keys           keysSection            `yaml:"keys"`
	Tickets        ticketsSection         `yaml:"tickets"`
	Store          storeSection           `yaml:"store"`
	Profiles       map[string]profileText `yaml:"profiles"`
	IPHeader       string                 `yaml:"ip_header"`
	TrustedProxies []string               `yaml:"trusted_proxies"`
	Metrics        metricsSection         `yaml:"metrics"`
	Explain        bool                   `yaml:"explain"`
	Log            logSection             `yaml:"log"`
	Drain          string                 `yaml:"drain"`
	Limits         limitsSection          `yaml:"limits"`

	ScopedCredentials    scopedSection `yaml:"scoped_credentials"`
	InsecureProxySubject proxySection  `yaml:"insecure_proxy_subject"`
}

type limitsSection struct {
	Issues        string `yaml:"issues"`
	AddressFactor int    `yaml:"address_factor"`
}

type scopedSection struct {
	RoleARN    string `yaml:"role_arn"`
	ExternalID string `yaml:"external_id"`
	Lifetime   string `yaml:"lifetime"`
	Endpoint   string `yaml:"endpoint"`
}

type proxySection struct {
	Header   string   `yaml:"header"`
	Profiles []string `yaml:"profiles"`
}

type keysSection struct {
	Tokens []string `yaml:"tokens"`
}

type ticketsSection struct {
	Secret   string `yaml:"secret"`
	JWKS     string `yaml:"jwks"`
	Issuer   string `yaml:"issuer"`
	Audience string `yaml:"audience"`
}

type storeSection struct {
	Provider       string `yaml:"provider"`
	Region         string `yaml:"region"`
	Endpoint       string `yaml:"endpoint"`
	PublicEndpoint string `yaml:"public_endpoint"`
	PathStyle      bool   `yaml:"path_style"`
}

type metricsSection struct {
	Listen string `yaml:"listen"`
}

type logSection struct {
	Format string `yaml:"format"`
	Level  string `yaml:"level"`
}

type profileText struct {
	Bucket            string            `yaml:"bucket"`
	Key               string            `yaml:"key"`
	Types             []string          `yaml:"types"`
	Size              string            `yaml:"size"`
	ACL               string            `yaml:"acl"`
	Lifetime          string            `yaml:"lifetime"`
	UploadLifetime    string            `yaml:"upload_lifetime"`
	Access            string            `yaml:"access"`
	Origins           []string          `yaml:"origins"`
	Multipart         multipartText     `yaml:"multipart"`
	Checksum          string            `yaml:"checksum"`
	Metadata          map[string]string `yaml:"metadata"`
	AcceptMetadata    []string          `yaml:"accept_metadata"`
	Tags              map[string]string `yaml:"tags"`
	Encryption        encryptionText    `yaml:"encryption"`
	StorageClass      string            `yaml:"storage_class"`
	CacheControl      string            `yaml:"cache_control"`
	Redirect          string            `yaml:"redirect"`
	Quarantine        string            `yaml:"quarantine"`
	Quota             quotaText         `yaml:"quota"`
	MaxOpen           int               `yaml:"max_open"`
	ScopedCredentials bool              `yaml:"scoped_credentials"`
	InsecureKey       bool              `yaml:"insecure_key"`
}

type multipartText struct {
	Threshold string `yaml:"threshold"`
	PartSize  string `yaml:"part_size"`
}

type encryptionText struct {
	Mode  string `yaml:"mode"`
	KeyID string `yaml:"key_id"`
}

type quotaText struct {
	Uploads string `yaml:"uploads"`
	Bytes   string `yaml:"bytes"`
}
