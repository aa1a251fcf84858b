package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

type healthcheckCommand struct {
	URL string `arg:"" optional:"" default:"http://127.0.0.1:8080/readyz" help:"Address of /readyz, below the path of public_url where that has one."`
}

// healthcheckTimeout is more than the server waits for its store before it answers.
const healthcheckTimeout = 5 * time.Second

// Help says which exit codes there are.
func (h *healthcheckCommand) Help() string {
	return `Exit codes: 0 the server is ready, 1 it isn't or doesn't answer within 5 seconds, 2 a bad URL.`
}

// Run asks a server once whether it is ready. No proxy of the environment takes part, since the
// server is on this machine or beside it, and a redirect is no answer.
func (h *healthcheckCommand) Run(c *console) error {
	address, err := url.Parse(h.URL)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" || address.User != nil {
		return badUsage("healthcheck: wanted an http or https URL such as http://127.0.0.1:8080/readyz, got %q", h.URL)
	}
	ctx, cancel := context.WithTimeout(c, healthcheckTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return usageError{err}
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // without a Proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(request)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("healthcheck: no answer from %s within %v", h.URL, healthcheckTimeout)
	}
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("healthcheck: wanted status 200 from %s, got %d", h.URL, answer.StatusCode)
	}
	return nil
}
