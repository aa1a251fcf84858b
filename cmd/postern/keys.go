package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/policy/sigv4"
)

// The key files in the data folder of dev. They stay when dev ends, so that uploads begun before a
// restart can be completed after it.
const (
	tokenKeyFile   = "token.key"   // signs upload tokens
	ticketKeyFile  = "ticket.key"  // signs tickets
	receiptKeyFile = "receipt.key" // signs receipts
	backendKeyFile = "backend.key" // signs backend tokens
	webhookKeyFile = "webhook.key" // signs webhooks
	storeKeyFile   = "store.key"   // secret access key of the embedded store
)

const keyBytes = 32

// storeFolder is the folder for uploads in the data folder.
const storeFolder = "store"

// defaultData is the default of the flag --data.
const defaultData = ".postern"

// devKeys are the keys in one data folder.
type devKeys struct {
	tokens, tickets, receipts, backend, webhooks, store sigv4.Secret
}

// openData reads the keys of a data folder. It makes the folder and the keys that are absent.
func openData(dir string) (keys devKeys, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return keys, fmt.Errorf("data folder: %w", err)
	}
	if err := checkData(dir); err != nil {
		return keys, err
	}
	if err := ignoreData(dir); err != nil {
		return keys, err
	}
	for name, key := range map[string]*sigv4.Secret{
		tokenKeyFile: &keys.tokens, ticketKeyFile: &keys.tickets, receiptKeyFile: &keys.receipts,
		backendKeyFile: &keys.backend, webhookKeyFile: &keys.webhooks, storeKeyFile: &keys.store,
	} {
		if *key, err = openKey(filepath.Join(dir, name)); err != nil {
			return devKeys{}, err
		}
	}
	return keys, nil
}

// checkData refuses a data folder that other users could change, and one whose uploads they could
// read. They may read the folder itself, which shows them names alone: keys are checked one by one.
func checkData(dir string) error {
	if err := config.CheckDataFolder(dir, 0o022); err != nil {
		return err
	}
	err := config.CheckDataFolder(filepath.Join(dir, storeFolder), 0o077)
	if errors.Is(err, fs.ErrNotExist) { // the store will make it
		return nil
	}
	return err
}

// ignoreData makes git ignore a data folder inside a repository.
func ignoreData(dir string) error {
	name := filepath.Join(dir, ".gitignore")
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	return os.WriteFile(name, []byte("*\n"), 0o600)
}

// openKey reads a key; if it is absent, it makes one first. Processes that start at the same time
// get the same key: the first to link its complete file to the name wins.
func openKey(name string) (sigv4.Secret, error) {
	key, err := readKey(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	fresh := make([]byte, keyBytes)
	rand.Read(fresh)
	f, err := os.CreateTemp(filepath.Dir(name), ".key") // mode 0600
	if err != nil {
		return "", fmt.Errorf("key %q: %w", name, err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(fresh) + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("key %q: %w", name, err)
	}
	if err := os.Link(f.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("key %q: %w", name, err)
	}
	return readKey(name)
}

// readKey refuses a file that config.ReadSecretFile refuses, and an incomplete key.
func readKey(name string) (sigv4.Secret, error) {
	text, err := config.ReadSecretFile(name)
	if err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if raw, err := hex.DecodeString(key); err != nil || len(raw) != keyBytes {
		return "", fmt.Errorf("key %q: wanted %d bytes as hex; delete it for a new one", name, keyBytes)
	}
	return sigv4.Secret(key), nil
}
