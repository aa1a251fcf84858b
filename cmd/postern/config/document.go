package config

// document is the file as it is written, with every key that there is. Sizes, durations, rates and
// references to secrets are still texts; they are read later, so that all mistakes are found at
// once.
type document struct {
	Listen         string                    `yaml:"listen"`
	PublicURL      string                    `yaml:"public_url"`
	Keys           keysSection               `yaml:"keys"`
	Tickets        ticketsSection            `yaml:"tickets"`
	Receipts       receiptsSection           `yaml:"receipts"`
	Store          storeSection              `yaml:"store"`
	Profiles       map[string]profileSection `yaml:"profiles"`
	Hosts          []string                  `yaml:"hosts"`
	IPHeader       string                    `yaml:"ip_header"`
	TrustedProxies []string                  `yaml:"trusted_proxies"`
	Metrics        metricsSection            `yaml:"metrics"`
	Explain        bool                      `yaml:"explain"`
	Log            Log                       `yaml:"log"`
	Drain          string                    `yaml:"drain"`
	Limits         limitsSection             `yaml:"limits"`

	Ledger               ledgerSection  `yaml:"ledger"`
	Backend              backendSection `yaml:"backend"`
	Sweep                sweepSection   `yaml:"sweep"`
	ScopedCredentials    scopedSection  `yaml:"scoped_credentials"`
	InsecureProxySubject ProxySubject   `yaml:"insecure_proxy_subject"`
}

type limitsSection struct {
	Issues        string `yaml:"issues"`
	Burst         int    `yaml:"burst"`
	AddressFactor int    `yaml:"address_factor"`
}

type ledgerSection struct {
	URL      string `yaml:"url"`
	Keep     string `yaml:"keep"`
	Required bool   `yaml:"required"`
}

type backendSection struct {
	Secrets []string `yaml:"secrets"`
	JWKS    string   `yaml:"jwks"`
}

type sweepSection struct {
	Every string `yaml:"every"`
	Older string `yaml:"older"`
}

type scopedSection struct {
	RoleARN    string `yaml:"role_arn"`
	ExternalID string `yaml:"external_id"`
	Lifetime   string `yaml:"lifetime"`
	Endpoint   string `yaml:"endpoint"`
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

type downloadSection struct {
	Lifetime    string `yaml:"lifetime"`
	Disposition string `yaml:"disposition"`
}

type receiptsSection struct {
	Secrets  []string `yaml:"secrets"`
	Keys     []string `yaml:"keys"`
	Lifetime string   `yaml:"lifetime"`
}

type storeSection struct {
	Provider       string `yaml:"provider"`
	Region         string `yaml:"region"`
	Endpoint       string `yaml:"endpoint"`
	PublicEndpoint string `yaml:"public_endpoint"`
	PathStyle      bool   `yaml:"path_style"`

	CredentialsFile   string                   `yaml:"credentials_file"`
	Can               map[string]bool          `yaml:"can"`
	UploadCredentials uploadCredentialsSection `yaml:"upload_credentials"`
}

type uploadCredentialsSection struct {
	AccessKeyID     string `yaml:"access_key_id"`
	SecretAccessKey string `yaml:"secret_access_key"`
	SessionToken    string `yaml:"session_token"`
	RoleARN         string `yaml:"role_arn"`
	Profile         string `yaml:"profile"`
}

type metricsSection struct {
	Listen string `yaml:"listen"`
}

type profileSection struct {
	Bucket            string            `yaml:"bucket"`
	Key               string            `yaml:"key"`
	Types             []string          `yaml:"types"`
	Size              string            `yaml:"size"`
	ACL               string            `yaml:"acl"`
	Lifetime          string            `yaml:"lifetime"`
	UploadLifetime    string            `yaml:"upload_lifetime"`
	Access            string            `yaml:"access"`
	Origins           []string          `yaml:"origins"`
	Multipart         multipartSection  `yaml:"multipart"`
	Checksum          string            `yaml:"checksum"`
	Metadata          map[string]string `yaml:"metadata"`
	AcceptMetadata    []string          `yaml:"accept_metadata"`
	Tags              map[string]string `yaml:"tags"`
	Encryption        encryptionSection `yaml:"encryption"`
	StorageClass      string            `yaml:"storage_class"`
	CacheControl      string            `yaml:"cache_control"`
	Redirect          string            `yaml:"redirect"`
	Disposition       string            `yaml:"content_disposition"`
	Encoding          string            `yaml:"content_encoding"`
	Language          string            `yaml:"content_language"`
	Expires           string            `yaml:"expires"`
	Overwrite         string            `yaml:"overwrite"`
	Download          downloadSection   `yaml:"download"`
	Removable         string            `yaml:"removable"`
	Unclaimed         string            `yaml:"unclaimed"`
	MaxFiles          int               `yaml:"max_files"`
	Title             map[string]string `yaml:"title"`
	Intro             map[string]string `yaml:"intro"`
	Quarantine        string            `yaml:"quarantine"`
	Quota             quotaSection      `yaml:"quota"`
	MaxOpen           int               `yaml:"max_open"`
	ScopedCredentials bool              `yaml:"scoped_credentials"`
	InsecureKey       bool              `yaml:"insecure_key"`
	Webhook           webhookList       `yaml:"webhook"`
}

type multipartSection struct {
	Threshold string `yaml:"threshold"`
	PartSize  string `yaml:"part_size"`
}

type encryptionSection struct {
	Mode  string `yaml:"mode"`
	KeyID string `yaml:"key_id"`
}

type quotaSection struct {
	Uploads string `yaml:"uploads"`
	Bytes   string `yaml:"bytes"`
}
