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

	"github.com/postern-dev/postern/policy/sigv4"
)

// The key files in the data folder of dev. They stay when dev ends, so that uploads begun before a
// restart can be completed after it.
const (
	tokenKeyFile  = "token.key"  // signs upload tokens
	ticketKeyFile = "ticket.key" // signs tickets
	storeKeyFile  = "store.key"  // secret access key of the embedded store
)

const keyBytes = 32

// defaultData is the default of the flag --data.
const defaultData = ".postern"

// devKeys are the keys in one data folder.
type devKeys struct {
	tokens, tickets, store sigv4.Secret
}

// openData reads the keys of a data folder. It makes the folder and the keys that are absent.
func openData(dir string) (keys devKeys, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return keys, fmt.Errorf("data folder: %w", err)
	}
	if err := ignoreData(dir); err != nil {
		return keys, err
	}
	for name, key := range map[string]*sigv4.Secret{
		tokenKeyFile: &keys.tokens, ticketKeyFile: &keys.tickets, storeKeyFile: &keys.store,
	} {
		if *key, err = openKey(filepath.Join(dir, name)); err != nil {
			return devKeys{}, err
		}
	}
	return keys, nil
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

// readKey refuses a key that other users can read, and one that is incomplete.
func readKey(name string) (sigv4.Secret, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("key %q: other users can read it (mode %04o); make it 0600, or delete it for a new one", name, mode)
	}
	key := strings.TrimSpace(string(text))
	if raw, err := hex.DecodeString(key); err != nil || len(raw) != keyBytes {
		return "", fmt.Errorf("key %q: wanted %d bytes as hex; delete it for a new one", name, keyBytes)
	}
	return sigv4.Secret(key), nil
}
