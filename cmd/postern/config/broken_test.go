package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/config"
)

// Each case is testdata/good.yaml with one change, and the beginning of the one mistake that is
// found.
var broken = []struct {
	name, old, new string
	want           string
}{
	{"a key misspelt at the top", "listen:", "lisen:", `2:1: unknown key "lisen" at the top of the file; did you mean "listen"?`},
	{"a key misspelt in a section", "  region:", "  regoin:", `8:3: unknown key "regoin" in store; did you mean "region"?`},
	{"a key misspelt in a profile", "    types:", "    type:", `22:5: unknown key "type" in profiles.photos; did you mean "types"?`},
	{"a key misspelt deep inside", "part_size:", "part-size:", `29:35: unknown key "part-size" in profiles.photos.multipart; did you mean "part_size"?`},
	{"store events, which aren't built yet", "drain: 5s", `events: {secrets: ["env:EVENTS_KEY"]}`, `17:1: unknown key "events" at the top of the file; remove it, or use one of backend, drain, explain, hosts, insecure_proxy_subject, ip_header, keys, ledger, limits, listen, log, metrics, profiles, public_url, receipts, scoped_credentials, store, sweep, tickets, trusted_proxies`},
	{"a backend with secrets and a key set", `["env:BACKEND_KEY", "file:old-backend.key"]`, `["env:BACKEND_KEY"], jwks: "https://app.example.com/keys"`, `57:10: backend: wants secrets or jwks, not both`},
	{"a backend with the secret of tickets", "env:BACKEND_KEY", "env:TICKET_KEY", `57:21: backend.secrets[0]: env:TICKET_KEY holds the same secret as tickets.secret; wants one of its own`},
	{"a backend with the secret of receipts", "env:BACKEND_KEY", "env:RECEIPT_KEY", `57:21: backend.secrets[0]: env:RECEIPT_KEY holds the same secret as receipts.secrets[0]; wants one of its own`},
	{"a backend with the key of upload tokens", "file:old-backend.key", "env:TOKEN_KEY", `backend.secrets[1]: env:TOKEN_KEY holds the same secret as keys.tokens[0]; wants one of its own`},
	{"a backend with the secret of a webhook", "env:BACKEND_KEY", "env:HOOK_KEY", `57:21: backend.secrets[0]: env:HOOK_KEY holds the same secret as profiles.photos.webhook.secrets[0]; wants one of its own`},
	{"a backend with one secret twice", "file:old-backend.key", "env:BACKEND_KEY", `backend.secrets[1]: env:BACKEND_KEY holds the same secret as backend.secrets[0]; wants one of its own`},
	{"a backend with a short secret", "env:BACKEND_KEY", "env:SHORT_KEY", `57:21: backend.secrets[0]: env:SHORT_KEY holds 5 bytes`},
	{"a backend with a key set without encryption", `secrets: ["env:BACKEND_KEY", "file:old-backend.key"]`, `jwks: "http://app.example.com/keys"`, `57:17: backend.jwks: wants https, or http on loopback`},
	{"unclaimed for no time that can be read", "unclaimed: 24h", "unclaimed: soon", `47:16: profiles.photos.unclaimed: wants a duration above zero such as 15m or 24h, got "soon"`},
	{"a ledger without its database", `url: "postgres://postern@db/postern", keep`, `keep`, `56:9: ledger.url: is missing; name the database, such as sqlite:postern.db or env:LEDGER_URL`},
	{"a ledger in another kind of database", "postgres://postern@db/postern", `mysql://db/postern`, `56:15: ledger.url: wants "sqlite:" and a file, or postgres://user@host/name, got "mysql"`},
	{"a ledger's password in the file", "postern@db", `postern:geheim@db`, `56:15: ledger.url: has a password, which doesn't belong in this file; wants a reference, env:NAME or file:PATH`},
	{"a ledger's password behind its address", "db/postern", `db/postern?password=geheim`, `56:15: ledger.url: has a password,`},
	{"a ledger that keeps nothing for long", "keep: 30d", `keep: 2h`, `56:54: ledger.keep: wants at least 24h, got "2h"`},
	{"a sweep without its time", "sweep: {every: 24h, older: 8d}", "sweep: {older: 8d}", `55:8: sweep.every: wants how often the server sweeps, a second or more, such as 24h, got ""`},
	{"a sweep of what may still be resumed", "older: 8d", "older: 1d", `55:8: sweep: wanted an age of at least 48h0m0s, the longest upload_lifetime, got 24h0m0s`},
	{"a number of days that isn't whole", "older: 8d", "older: 1.5d", `55:28: sweep.older: wants a duration above zero such as 15m or 24h, got "1.5d"`},
	{"a secret in place of a list", "tokens: [\"env:TOKEN_KEY\", \"file:old.key\"]", "tokens: s3cr3t-of-32-characters-and-more", `4:16: keys.tokens: wants a list, such as [a, b], got another value`},
	{"a secret in place of keys", "keys: {tokens: [\"env:TOKEN_KEY\", \"file:old.key\"]}", "keys: s3cr3t-of-32-characters-and-more", `4:7: keys: wants keys with values, got another value`},
	{"a password in an address", "public_url: https://uploads.example.com", "public_url: https://user:s3cr3t@uploads.example.com", `3:13: public_url: wants an http or https address without user, query and fragment, got "https://…@uploads.example.com"`},
	{"a blank in an address", "public_url: https://uploads.example.com", "public_url: https://uploads.example.com/a b", `3:13: public_url: wants an address without blanks`},
	{"a key written twice", "explain: true", "explain: true\nexplain: false", `16:1: isn't YAML that can be read: mapping key "explain" already defined at [15:1]`},
	{"a misspelt key in a merged profile", "    bucket: media", "    <<: {buket: media}", `20:10: unknown key "buket" in profiles.photos; did you mean "bucket"?`},
	{"an alias to nothing", "types: [image/png, image/jpeg]", "types: *all", `22:12: `},
	{"an anchor that contains itself", "metadata: {source: web}", "metadata: &m {source: *m}", `: `},
	{"an alias of the wrong kind", "metadata: {source: web}", "metadata: &m {source: web}\n    tags: *m\n    types: *m", `: `},
	{"a bracket left open", "[image/png, image/jpeg]", "[image/png, image/jpeg", `23:5: isn't YAML that can be read: ',' or ']' must be specified`},
	{"a tab as indentation", "  region: eu-central-1", "\tregion: eu-central-1", "8:1: isn't YAML that can be read: found character '\t' that cannot start any token"},
	{"a list where a text belongs", "listen: 127.0.0.1:8080", "listen: [a, b]", `2:9: listen: wants one text; put it in quotes where it looks like something else, got a list`},
	{"a text where a list belongs", "types: [image/png, image/jpeg]", "types: image/png", `22:12: profiles.photos.types: wants a list, such as [a, b], got "image/png"`},
	{"a text where keys belong", "metrics: {listen: \"127.0.0.1:9100\"}", "metrics: on", `14:10: metrics: wants keys with values, got "on"`},
	{"a word where true or false belongs", "path_style: false", "path_style: maybe", `11:15: store.path_style: wants true or false, got "maybe"`},
	{"removable for no time that can be read", "removable: 1h", "removable: long", `40:16: profiles.photos.removable: wants a duration above zero such as 15m or 24h, got "long"`},
	{"removable for longer than an upload's token", "removable: 1h", "removable: 49h", `40:16: profiles.photos.removable: wants 0 up to upload_lifetime, 48h0m0s, got "49h0m0s"`},
	{"fewer files than none", "max_files: 20", "max_files: -1", `41:16: profiles.photos.max_files: wants 0 for no limit, or 1 or more, got "-1"`},
	{"a title that is empty", `de: "Ihre Fotos"`, `de: ""`, `42:36: profiles.photos.title.de: wants 1 to 200 bytes of text in one line, got ""`},
	{"one intro for all languages", `intro: {en: "Of the last year."}`, "intro: Of the last year.", `43:12: profiles.photos.intro: wants keys with values, got "Of the last year."`},
	{"a fraction where a number belongs", "max_open: 5", "max_open: 5.5", `45:15: profiles.photos.max_open: wants a whole number, got "5.5"`},
	{"true where a text belongs", "cache_control: \"max-age=60\"", "cache_control: true", `36:20: profiles.photos.cache_control: wants one text; put it in quotes where it looks like something else, got "true"`},
	{"an address without port", "listen: 127.0.0.1:8080", "listen: 127.0.0.1", `2:9: listen: wants host:port such as 127.0.0.1:8080, got "127.0.0.1"`},
	{"a port out of range", "listen: 127.0.0.1:8080", "listen: 127.0.0.1:80800", `2:9: listen: wants host:port such as 127.0.0.1:8080, got "127.0.0.1:80800"`},
	{"no public URL", "public_url: https://uploads.example.com\n", "", `public_url: is missing; set it to the address at which browsers reach this server`},
	{"a public URL without scheme", "https://uploads.example.com", "uploads.example.com", `3:13: public_url: wants an http or https address without user, query and fragment, got "uploads.example.com"`},
	{"a public URL with a query", "https://uploads.example.com", "https://uploads.example.com/?a=b", `3:13: public_url: wants an http or https address without user, query and fragment, got "https://uploads.example.com/?a=b"`},
	{"no token key", "[\"env:TOKEN_KEY\", \"file:old.key\"]", "[]", `4:16: keys.tokens: is missing; list one key or more, such as ["env:POSTERN_TOKEN_KEY"]`},
	{"a secret in the file", "\"env:TICKET_KEY\"", "correct-horse-battery-staple-correct-horse", `5:19: tickets.secret: wants a reference, env:NAME or file:PATH; secrets don't belong in this file`},
	{"one secret in two places", "env:TICKET_KEY", "env:TOKEN_KEY", `5:19: tickets.secret: env:TOKEN_KEY holds the same secret as keys.tokens[0]; wants one of its own`},
	{"a receipt key that is a secret", "secrets: [\"env:RECEIPT_KEY\"]", "keys: [\"env:RECEIPT_KEY\"]", `54:19: receipts.keys[0]: wants a private key in PEM; make one with: openssl genpkey -algorithm ed25519`},
	{"secrets and keys for receipts", "secrets: [\"env:RECEIPT_KEY\"]", "secrets: [\"env:RECEIPT_KEY\"], keys: [\"file:receipt.pem\"]", `54:11: receipts: wants secrets or keys, not both`},
	{"a lifetime of no receipts", "secrets: [\"env:RECEIPT_KEY\"], ", "", `54:11: receipts: wants secrets or keys: nothing signs the receipts`},
	{"an unset environment variable", "env:TICKET_KEY", "env:OTHER_KEY", `5:19: tickets.secret: environment variable OTHER_KEY is not set; set it to at least 32 random bytes`},
	{"a short secret", "env:TICKET_KEY", "env:SHORT_KEY", `5:19: tickets.secret: env:SHORT_KEY holds 5 bytes, wants at least 32; make one with: openssl rand -hex 32`},
	{"a secret file that isn't there", "file:old.key", "file:none.key", `4:34: keys.tokens[1]: can't read the secret: open `},
	{"a secret and a key set", "secret: \"env:TICKET_KEY\"", "secret: \"env:TICKET_KEY\", jwks: \"https://id.example.com/keys\"", `5:10: tickets: wants secret or jwks, not both`},
	{"a key set without audience", "secret: \"env:TICKET_KEY\", issuer: shop, audience: postern", "jwks: \"https://id.example.com/keys\", issuer: shop", `5:10: tickets: wants issuer and audience beside jwks`},
	{"a key set that isn't a URL", "secret: \"env:TICKET_KEY\"", "jwks: keys.json", `5:17: tickets.jwks: wants an http or https address`},
	{"no provider", "  provider: aws\n", "", `6:1: store.provider: is missing; name the kind of store: aws, b2,`},
	{"an unknown provider", "provider: aws", "provider: minoi", `7:13: store.provider: got "minoi", wants one of aws, b2, ceph, gcs, minio, oss, other, r2, seaweedfs, spaces, swift, versity; did you mean "minio"?`},
	{"no region", "  region: eu-central-1\n", "", `store.region: is missing; it is part of every signature`},
	{"a store with no address", "provider: aws", "provider: minio", `9:13: store.endpoint: is missing; it doesn't follow from provider minio and the region`},
	{"a bucket in the endpoint", "  endpoint: \"\"", "  endpoint: https://s3.example.com/media", `9:13: store.endpoint: wants the store's address without a path; the bucket comes from the profile`},
	{"a header that anybody could write", "trusted_proxies: [\"10.0.0.0/8\", \"192.0.2.1\"]", "trusted_proxies: []", `13:12: ip_header: wants trusted_proxies beside it; without them any visitor could write that header`},
	{"a subject header that anybody could write", "trusted_proxies: [\"10.0.0.0/8\", \"192.0.2.1\"]\nip_header: x-forwarded-for", "", `51:25: insecure_proxy_subject: wants trusted_proxies: without them any visitor could write that header`},
	{"an unknown header", "ip_header: x-forwarded-for", "ip_header: x-client-ip", `13:12: ip_header: got "x-client-ip", wants one of X-Forwarded-For, X-Real-IP`},
	{"a proxy that isn't an address", "\"192.0.2.1\"", "\"proxy.local\"", `12:33: trusted_proxies[1]: wants an address or network such as 10.0.0.0/8, got "proxy.local"`},
	{"an unknown log level", "level: debug", "level: verbose", `16:28: log.level: got "verbose", wants one of debug, info, warn, error`},
	{"a duration without unit", "drain: 5s", "drain: 5", `17:8: drain: wants a duration above zero such as 15m or 24h, got "5"`},
	{"a negative duration", "    lifetime: 15m", "    lifetime: -15m", `25:15: profiles.photos.lifetime: wants a duration above zero such as 15m or 24h, got "-15m"`},
	{"a lifetime under a second", "    lifetime: 15m", "    lifetime: 500ms", `25:15: profiles.photos.lifetime: wants 1 second to 7 days, got "500ms"`},
	{"no size", "    size: 1..10MiB\n", "", `profiles.photos.size: is missing; say how large a file may be, such as 1..10MiB`},
	{"a range with the larger size first", "1..10MiB", "10MiB..1", `23:11: profiles.photos.size: wants a range such as 1..10MiB, the smaller first, got "10MiB..1"`},
	{"a negative size", "1..10MiB", "-1..10MiB", `23:11: profiles.photos.size: wants a range such as 1..10MiB, the smaller first, got "-1..10MiB"`},
	{"a size over int64", "1..10MiB", "1..99999999999TiB", `23:11: profiles.photos.size: wants a range such as 1..10MiB, the smaller first, got "1..99999999999TiB"`},
	{"a size as an exponent", "1..10MiB", "1e7", `23:11: profiles.photos.size: wants a range such as 1..10MiB, the smaller first, got "1e7"`},
	{"a part size under S3's smallest", "part_size: 8MiB", "part_size: 1MiB", `29:46: profiles.photos.multipart.part_size: wants 5 MiB to 5 GiB`},
	{"a key template that can repeat", "/{id}{ext}", "/photo{ext}", `21:10: profiles.photos.key: wants {id}`},
	{"an unknown placeholder", "{yyyy}", "{year}", `21:10: profiles.photos.key: wants `},
	{"no types", "[image/png, image/jpeg]", "[]", `22:12: profiles.photos.types: wants at least one content type`},
	{"a type that isn't one", "image/jpeg]", "jpeg]", `22:24: profiles.photos.types[1]: wants one content type such as image/png`},
	{"an unknown access", "access: ticket", "access: privat", `27:13: profiles.photos.access: got "privat", wants one of ticket, public`},
	{"an origin with a path", "https://app.example.com\"", "https://app.example.com/\"", `28:15: profiles.photos.origins[0]: wants an origin as browsers send it`},
	{"a rate without window", "uploads: 100/1h", "uploads: 100", `44:22: profiles.photos.quota.uploads: wants a count and a window such as 100/1h, got "100"`},
	{"a count in bytes", "uploads: 100/1h", "uploads: 100MiB/1h", `44:22: profiles.photos.quota.uploads: wants a count and a window such as 100/1h, got "100MiB/1h"`},
	{"a rate over no time", "bytes: 10GiB/24h", "bytes: 10GiB/0s", `44:37: profiles.photos.quota.bytes: wants a duration above zero`},
	{"an unknown ACL", "acl: \"\"", "acl: public", `24:10: profiles.photos.acl: wants one of [private `},
	{"a script as redirect", "redirect: \"\"", "redirect: \"javascript:alert(1)\"", `37:15: profiles.photos.redirect: wants an https URL`},
	{"a key for no encryption", "mode: \"aws:kms\", ", "", `34:26: profiles.photos.encryption.key_id: wants mode aws:kms beside it`},
	{"credentials without a role", `scoped_credentials: {role_arn: "arn:aws:iam::123456789012:role/uploads", external_id: shop,`, `scoped_credentials: {external_id: shop,`, `51:21: scoped_credentials: wants role_arn`},
	{"a profile with credentials while there is no role", "insecure_key: false\nlimits: {issues: 600/1m, burst: 1500, address_factor: 5}\nscoped_credentials: {role_arn: \"arn:aws:iam::123456789012:role/uploads\", external_id: shop, lifetime: 30m, endpoint: \"https://sts.example.com\"}", "insecure_key: false\n  two:\n    {bucket: media, key: \"{subject}/{id}\", types: [\"*/*\"], size: 1MiB, scoped_credentials: true}", `51:92: profiles.two.scoped_credentials: wants scoped_credentials with a role_arn`},
	{"a proxy header without profiles", ", profiles: [photos]", "", `52:25: insecure_proxy_subject: wants profiles`},
	{"a limit that can't be read", "issues: 600/1m", "issues: many", `50:18: limits.issues: wants a count and a window such as 100/1h, got "many"`},
	{"a negative burst", "burst: 1500", "burst: -1", `50:33: limits.burst: wants 1 to 2147483647, got "-1"`},
	{"a burst that is a rate", "burst: 1500", "burst: 1500/1m", `50:33: limits.burst: wants a whole number, got "1500/1m"`},
	{"a host with a port", "uploads.internal", "\"uploads.internal:8080\"", `53:9: hosts[0]: wants a host name such as uploads.internal, without scheme, port and wildcard, got "uploads.internal:8080"`},
	{"a host with a scheme", "uploads.internal", "\"https://uploads.internal\"", `53:9: hosts[0]: wants a host name`},
	{"a host with a path", "uploads.internal", "uploads.internal/forms", `53:9: hosts[0]: wants a host name`},
	{"any host at all", "uploads.internal", "\"*\"", `53:9: hosts[0]: wants a host name`},
	{"any host of a domain", "uploads.internal", "\"*.example.com\"", `53:9: hosts[0]: wants a host name`},
	{"a host with an empty part", "uploads.internal", "uploads..internal", `53:9: hosts[0]: wants a host name`},
	{"no host", "uploads.internal", "\"\"", `53:9: hosts[0]: wants a host name`},
	{"a host that isn't in a list", "hosts: [uploads.internal, \"Bücher.example.\"]", "hosts: uploads.internal", `53:8: hosts: wants a list, such as [a, b], got "uploads.internal"`},
	{"the word for no metrics", "\"127.0.0.1:9100\"", "none", `14:19: metrics.listen: wants host:port such as 127.0.0.1:8080, got "none"`},
	{"a public URL without encryption", "https://uploads.example.com", "http://uploads.example.com", `3:13: public_url: wants https, or http on loopback`},
	{"a key set without encryption", "secret: \"env:TICKET_KEY\"", "jwks: \"http://id.example.com/keys\"", `5:17: tickets.jwks: wants https, or http on loopback`},
	{"a checksum that the store can't verify", "provider: aws\n  region: eu-central-1\n  endpoint: \"\"", "provider: ceph\n  region: eu-central-1\n  endpoint: https://s3.example.com", `30:15: profiles.photos.checksum: wants one of md5, since store.provider ceph can verify no other checksum, got "crc32"`},
	{"a role that isn't an ARN", "arn:aws:iam::123456789012:role/uploads", "uploads", `51:32: scoped_credentials.role_arn: wants an ARN`},
	{"a RAM role for AWS", "arn:aws:iam::123456789012:role/uploads", "acs:ram::1234567890123456:role/uploads", `51:32: scoped_credentials.role_arn: wants an ARN such as arn:aws:iam::123456789012:role/uploads, since RAM roles are for store.provider oss alone, got "acs:ram::1234567890123456:role/uploads"`},
	{"credentials for a day", "lifetime: 30m", "lifetime: 24h", `scoped_credentials.lifetime: wants whole seconds from 15m0s to 1h0m0s, got "24h"`},
	{"a webhook without URL", `url: "http://10.0.0.5/hooks?team=1", `, "", `46:14: profiles.photos.webhook: URL "": wanted an absolute https URL`},
	{"a webhook without encryption", `, networks: ["10.0.0.0/8"]}`, "}", `46:14: profiles.photos.webhook: URL "http://10.0.0.5/hooks": wanted https`},
	{"a webhook at an address of metadata", "http://10.0.0.5/hooks?team=1", "https://169.254.169.254/", `46:14: profiles.photos.webhook: address 169.254.169.254 is not dialled: it is link-local`},
	{"a webhook in a network that is never dialled", `networks: ["10.0.0.0/8"]`, `networks: ["10.0.0.0/8", "169.254.0.0/16"]`, `46:14: profiles.photos.webhook: network 169.254.0.0/16: wanted one within`},
	{"a webhook in what is no network", `networks: ["10.0.0.0/8"]`, `networks: ["10.0.0.0/8", "lan"]`, `profiles.photos.webhook.networks[1]: wants an address or network such as 10.0.0.0/8, got "lan"`},
	{"a webhook of an unknown type", "[upload.accepted, upload.removed]", "[accepted]", `46:14: profiles.photos.webhook: type "accepted": wanted one of`},
	{"a webhook without secret", `secrets: ["env:HOOK_KEY", "file:old-hook.key"], `, "", `46:14: profiles.photos.webhook: wanted one secret at least`},
	{"a webhook with its secret in the file", `["env:HOOK_KEY", "file:old-hook.key"]`, `["correct-horse-battery-staple-correct-horse"]`, `profiles.photos.webhook.secrets[0]: wants a reference, env:NAME or file:PATH; secrets don't belong in this file`},
	{"a webhook with a short secret", "env:HOOK_KEY", "env:SHORT_KEY", `46:14: profiles.photos.webhook: secret 1: wanted 24 to 64 bytes, got 5`},
	{"a webhook with the secret of tickets", "env:HOOK_KEY", "env:TICKET_KEY", `profiles.photos.webhook.secrets[0]: env:TICKET_KEY holds the same secret as tickets.secret; wants one of its own`},
	{"a webhook with the secret of receipts in base64", "env:HOOK_KEY", "env:ENCODED_RECEIPT_KEY", `profiles.photos.webhook.secrets[0]: env:ENCODED_RECEIPT_KEY holds the same secret as receipts.secrets[0]; wants one of its own`},
	{"a webhook with one secret twice", `"file:old-hook.key"`, `"env:HOOK_KEY"`, `46:14: profiles.photos.webhook: secret 2 is there twice`},
	{"a webhook with a secret and secrets", `secrets: ["env:HOOK_KEY", "file:old-hook.key"]`, `secret: "env:HOOK_KEY", secrets: ["file:old-hook.key"]`, `46:14: profiles.photos.webhook: wants secret or secrets, not both`},
	{"a webhook that is a text", `webhook: {url: "http://10.0.0.5/hooks?team=1", secrets: ["env:HOOK_KEY", "file:old-hook.key"], types: [upload.accepted, upload.removed], networks: ["10.0.0.0/8"]}`, "webhook: https://app.example.com/", `46:14: profiles.photos.webhook: wants keys with values, got "https://app.example.com/"`},
	{"a webhook's key misspelt", "types: [upload.accepted, upload.removed]", "type: [upload.accepted]", `unknown key "type" in profiles.photos.webhook; did you mean "types"?`},
	{"a webhook's key misspelt in a list", "    max_open: 5\n    webhook: {", "    max_open: 5\n    webhook:\n    - {ur: x}\n    - {", `unknown key "ur" in profiles.photos.webhook[0]; did you mean "url"?`},
	{"a webhook twice", "    max_open: 5\n    webhook: {", "    max_open: 5\n    webhook:\n    - {url: \"http://10.0.0.5/hooks?team=1\", secret: \"env:HOOK_KEY\", networks: [\"10.0.0.0/8\"]}\n    - {", `profiles.photos.webhook[1].url: is there twice`},
	{"a bucket name with a slash", "bucket: media", "bucket: media/2026", `20:13: profiles.photos.bucket: wants a bucket name`},
}

func TestBrokenFilesGetOneSentence(t *testing.T) {
	t.Parallel()
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(good(t), c.old, c.new, 1)
			if text == good(t) {
				t.Fatalf("%q isn't in the good file", c.old)
			}
			_, err := load(t, text)
			var mistake *config.Error
			if !errors.As(err, &mistake) {
				t.Fatalf("want an Error with line and column, got %v", err)
			}
			if mistake.Line == 0 || mistake.Column == 0 {
				t.Errorf("want a line and a column, got %d:%d", mistake.Line, mistake.Column)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("want one sentence, got\n%v", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("message:\n got %v\nwant %v", err, c.want)
			}
		})
	}
}

func TestFilesWithoutOneDocumentAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "a comment": "# later\n", "two documents": "a: b\n---\nc: d\n"} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), "wants one YAML document") {
			t.Errorf("%s: want a sentence that asks for one document, got %v", name, err)
		}
	}
}

func TestWhatNeedsALedgerIsRefusedWithoutOne(t *testing.T) {
	t.Parallel()
	text := strings.Replace(good(t), `ledger: {url: "postgres://postern@db/postern", keep: 30d, required: true}`, "", 1)
	_, err := load(t, text)
	for _, want := range []string{
		"46:14: profiles.photos.webhook: wants a ledger at the top of the file: it keeps what is to be delivered",
		"47:16: profiles.photos.unclaimed: wants a ledger at the top of the file: it knows what was claimed",
		"57:10: backend: wants a ledger at the top of the file: it knows the uploads",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, wanted %s", err, want)
		}
	}
	text = strings.Replace(strings.Replace(text, "unclaimed: 24h", "unclaimed: 0s", 1), "backend: ", "sweep: ", 1)
	if _, err := load(t, text); err == nil || strings.Contains(err.Error(), "unclaimed") {
		t.Errorf("unclaimed for no time: got %v", err)
	}
}

func TestTicketsAndBackendTokensHaveKeySetsOfTheirOwn(t *testing.T) {
	t.Parallel()
	with := func(tickets, backend string) string {
		return strings.NewReplacer(`secret: "env:TICKET_KEY"`, `jwks: "`+tickets+`"`, `secrets: ["env:BACKEND_KEY", "file:old-backend.key"]`, `jwks: "`+backend+`"`).Replace(good(t))
	}
	const one, other = "https://id.example.com/keys", "https://app.example.com/keys"
	if c, err := load(t, with(one, other)); err != nil || c.Backend.JWKS != other {
		t.Errorf("two key sets: %v", err)
	}
	if _, err := load(t, with(one, one)); err == nil || !strings.Contains(err.Error(), "57:17: backend.jwks: wants a key set of its own: tickets.jwks is the same") {
		t.Errorf("one key set: %v", err)
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	secrets := []string{tokenKey, oldKey, ticketKey, hookKey, oldHookKey, backendKey, oldBackendKey, "correct-horse-battery-staple-correct-horse"}
	for _, c := range broken {
		_, err := load(t, strings.Replace(good(t), c.old, c.new, 1))
		for _, secret := range secrets {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows a secret: %v", c.name, err)
			}
		}
	}
}

func TestProxiesWithoutTheirHeaderAreRefused(t *testing.T) {
	t.Parallel()
	text := good(t)
	for _, line := range []string{"ip_header: x-forwarded-for\n", "insecure_proxy_subject: {header: X-Forwarded-User, profiles: [photos]}\n"} {
		text = strings.Replace(text, line, "", 1)
	}
	_, err := load(t, text)
	if want := "postern.yaml:12:18: trusted_proxies: wants ip_header beside it"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
