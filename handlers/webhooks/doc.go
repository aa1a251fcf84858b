// Package webhooks tells applications what became of uploads, by the rules of Standard Webhooks
// (github.com/standard-webhooks/standard-webhooks).
//
//	message, err := webhooks.NewMessage(id, webhooks.Event{Type: webhooks.Accepted, …})
//	endpoint, err := webhooks.NewEndpoint(webhooks.EndpointConfig{Profile: "photos", URL: url, Secrets: secrets})
//	attempt := endpoint.Send(ctx, message)
//	decision := webhooks.Next(attempts, attempt, time.Now(), rand.Float64())
//
// The package keeps nothing: an Outbox does, which hands deliveries that are due to a Pool and
// stores what it decides. Deliveries are made at least once. A repeated one has the same ID, and
// each attempt a timestamp and signatures of its own.
//
// # Which addresses are dialled
//
// Every address that a name resolves to is checked at each connection, and what was checked is what
// is dialled. Loopback, private, shared and NAT64 addresses need a network in
// EndpointConfig.Networks; link-local and metadata addresses, and those of documentation, tests,
// tunnels and multicast, are never dialled. No redirect is followed, no proxy of the environment is
// used, and endpoints share no connections.
//
// # Receivers
//
// static/docs/webhooks.md has receivers in Go, Python, Node, PHP and Ruby, which verify and take
// each delivery once; testdata/vectors.json has good and bad deliveries for testing more of them.
package webhooks
