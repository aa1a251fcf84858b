// Package tickets tells who is uploading: it verifies signed tickets and turns them into a
// [profile.Identity].
//
// A ticket is a JSON Web Token that a team's own backend signs for one visitor and a short time. It
// travels as "Authorization: Bearer TICKET". The three calls most people need:
//
//	verifier, err := tickets.New(tickets.Config{Secrets: secrets})   // a shared secret
//	verifier, err := tickets.New(tickets.Config{JWKS: "https://…"})  // a key set
//	ticket, err := tickets.Mint(tickets.Ticket{…}, secret, time.Now())
//
// # What a ticket says
//
//	sub         who uploads; required, at most 256 bytes
//	aud         "postern", alone or in a list; required
//	exp         when it ends, Unix seconds; required, at most MaxLifetime ahead
//	profiles    list of profile names, or ["*"] for every one; required
//	iss         compared with Config.Issuer where that is set
//	iat, nbf    not in the future, where given
//	jti         a string; not used
//	max_size    bytes, tightens the profile's own largest size
//	metadata    object of strings that are stored with every object
//	origin      the origin of the page that embeds the widget
//	nonce       binds uploads and their receipts to a session of the host
//	claims      object of strings for {claim:NAME} in key templates
//
// Every other member whose value is a string serves {claim:NAME} too, so that tickets of an
// identity provider need no nesting; other members are ignored. Repeated members are refused, and
// so is null as the value of a member above.
//
// # Algorithms
//
// HS256 with a shared secret; RS256, ES256 and EdDSA (Ed25519) with a key set; no others. The
// algorithm decides which keys are tried, so a public key can never serve as a secret.
//
// # Minting in other languages
//
// Any JWT library can sign tickets, and so can HMAC-SHA256: testdata/samples has a short program
// each for Python, Node, PHP and Ruby, which needs only the standard library.
//
// # Backend tokens
//
// The application's own servers send tokens of another kind: [NewBackend] verifies them and
// [MintBackend] signs them. They name no visitor, have one audience, and end within 5 minutes.
//
// # Without tickets
//
// [InsecureProxyHeader] trusts a header of a reverse proxy. [First] asks several sources in turn.
// All of them are safe for concurrent use.
package tickets
