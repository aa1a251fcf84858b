package main

import (
	"net/http"
	"time"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

// partner is a site of another origin, which could be written in any language: it signs tickets for
// its visitors, embeds the widget, and verifies the receipts that its form gets.
type partner struct {
	origins  origins
	tickets  sigv4.Secret
	receipts *receipts.Verifier
}

func newPartner(o origins, shared sharedSecrets) (*partner, error) {
	verifier, err := receipts.NewVerifier(receipts.VerifierConfig{Issuer: o.site + "/up", Secrets: []sigv4.Secret{shared.receipts}})
	return &partner{origins: o, tickets: shared.tickets, receipts: verifier}, err
}

// visitor is whom this site knows its only visitor as.
const visitor = "partner-visitor"

func (p *partner) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { p.show(w, r, nil, "") })
	mux.HandleFunc("POST /{$}", p.receive)
	mux.HandleFunc("GET /ticket", p.ticket)
	mux.HandleFunc("GET /ticket.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write([]byte(ticketScript))
	})
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(stylesheet)
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

// ticketScript gives the widget a ticket, and a new one when the old one has ended.
const ticketScript = `document.querySelector('postern-upload').ticket = () => fetch('/ticket').then((answer) => answer.text());
`

// ticket signs a ticket for the visitor.
func (p *partner) ticket(w http.ResponseWriter, _ *http.Request) {
	ticket, err := tickets.Mint(tickets.Ticket{Subject: visitor, Profiles: []string{"pictures"}, Origin: p.origins.partner}, p.tickets, time.Now())
	if err != nil {
		http.Error(w, "no ticket", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(ticket))
}

// receive verifies what the form has posted.
func (p *partner) receive(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseMultipartForm(1 << 20); err != nil && r.PostForm == nil {
		http.Error(w, "wanted a form", http.StatusBadRequest)
		return
	}
	var received []receipts.Receipt
	for _, text := range r.PostForm["pictures"] {
		receipt, err := p.receipts.Verify(text, receipts.Expected{Profile: "pictures", Subject: visitor})
		if err != nil {
			p.show(w, r, nil, "One of these files wasn't uploaded here.")
			return
		}
		received = append(received, receipt)
	}
	p.show(w, r, received, "")
}

func (p *partner) show(w http.ResponseWriter, r *http.Request, received []receipts.Receipt, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; style-src 'self'; connect-src 'self'; form-action 'self'; script-src 'self' "+
		p.origins.site+"; frame-src "+p.origins.site)
	if problem != "" {
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
	_ = partnerPage(p.origins.site+"/up", received, problem).Render(r.Context(), w)
}
