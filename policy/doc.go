// Package policy builds, signs, reads, verifies and simulates S3 POST policies.
package policy
