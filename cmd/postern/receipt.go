package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/sigv4"
)

type receiptCommand struct {
	Verify receiptVerifyCommand `cmd:"" help:"Tell whether a receipt is genuine, and what it says."`
}

type receiptVerifyCommand struct {
	Receipt string `arg:"" help:"The receipt."`
	Config  string `help:"Config file of the postern serve that minted it." type:"path" placeholder:"FILE"`
	Keys    string `help:"File with the key set that the server publishes at /receipts/keys." type:"path" placeholder:"FILE"`
	Data    string `help:"Data folder of the postern dev that minted it." type:"path" placeholder:".postern"`
}

// Run prints what a genuine receipt says, as JSON. For any other it prints the reason and exits
// with 1.
func (v *receiptVerifyCommand) Run(c *console) error {
	payload, said := readPayload(v.Receipt)
	verifier, err := v.verifier(c, said.Issuer)
	if err != nil {
		return usageError{err}
	}
	// Whoever runs this has no visitor to expect: what the receipt says of itself is shown.
	_, err = verifier.Verify(v.Receipt, receipts.Expected{Profile: cmp.Or(said.Profile, "-"), Subject: cmp.Or(said.Subject, "-"), Nonce: said.Nonce})
	if refusal, ok := errors.AsType[*receipts.Error](err); ok {
		fmt.Fprintf(c.stderr, "postern: not a genuine receipt: %s\n", refusalSentences[refusal.Reason])
		return exitCode(exitFailed)
	}
	if err != nil {
		return err
	}
	var indented strings.Builder
	encoder := json.NewEncoder(&indented)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(json.RawMessage(payload)); err != nil {
		return err
	}
	_, err = fmt.Fprint(c.stdout, indented.String())
	return err
}

// refusalSentences say what is wrong with a receipt.
var refusalSentences = map[receipts.Reason]string{
	receipts.ReasonMalformed: "it isn't a receipt, or was damaged on the way",
	receipts.ReasonSignature: "none of these keys has signed it",
	receipts.ReasonIssuer:    "another server has minted it",
	receipts.ReasonExpired:   "its time has ended",
	receipts.ReasonEarly:     "it is from the future; compare the clocks of both machines",
}

// saidClaims are what a receipt says of itself, before it was verified.
type saidClaims struct {
	Issuer  string `json:"iss"`
	Profile string `json:"profile"`
	Subject string `json:"sub"`
	Nonce   string `json:"nonce"`
}

func readPayload(receipt string) (payload []byte, said saidClaims) {
	parts := strings.Split(receipt, ".")
	if len(parts) == 3 {
		payload, _ = base64.RawURLEncoding.DecodeString(parts[1]) // Verify tells what is wrong
		_ = json.Unmarshal(payload, &said)
	}
	return payload, said
}

// verifier has the keys of the server that the flags name; issuer is the receipt's.
func (v *receiptVerifyCommand) verifier(c *console, issuer string) (*receipts.Verifier, error) {
	named := 0
	for _, flag := range []string{v.Config, v.Keys, v.Data} {
		if flag != "" {
			named++
		}
	}
	if named > 1 {
		return nil, badUsage("--config, --keys and --data can't be used together: each names a server")
	}
	switch {
	case v.Config != "":
		return v.configVerifier(c)
	case v.Keys != "":
		set, err := os.ReadFile(v.Keys)
		if err != nil {
			return nil, err
		}
		return receipts.NewVerifier(receipts.VerifierConfig{Issuer: cmp.Or(issuer, "-"), KeySet: set})
	}
	data := cmp.Or(v.Data, defaultData)
	secret, err := readKey(filepath.Join(data, receiptKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, badUsage("no receipt key in %q: start postern dev with --data %s once, or name a server with --data, --config or --keys", data, data)
	}
	if err != nil {
		return nil, err
	}
	return receipts.NewVerifier(receipts.VerifierConfig{Issuer: cmp.Or(issuer, "-"), Secrets: []sigv4.Secret{secret}})
}

func (v *receiptVerifyCommand) configVerifier(c *console) (*receipts.Verifier, error) {
	file, err := config.Load(v.Config, c.getenv)
	if err != nil {
		return nil, err
	}
	issuer, err := file.Receipts.Issuer(file.PublicURL)
	if err != nil {
		return nil, err
	}
	if issuer == nil {
		return nil, badUsage("%s has no receipts section: its server mints none", v.Config)
	}
	return issuer.Verifier, nil
}
