package nodes

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is an application that is told by webhooks, and fails the test where a delivery isn't
// genuine or differs from the one before it under the same ID.
type receiver struct {
	*httptest.Server
	t    *testing.T
	hook *standard.Webhook

	mu     sync.Mutex
	bodies map[string]string // by ID of the delivery
	told   map[event]telling
	repeat int // deliveries that came again
}

// event is what became of an upload.
type event struct{ upload, kind string }

// telling is how the receiver learned of an event.
type telling struct {
	id    string    // of the delivery
	first time.Time // when it came
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	hook, err := standard.NewWebhook(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{t: t, hook: hook, bodies: map[string]string{}, told: map[event]telling{}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) receive(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the sender was killed
	}
	var delivery struct {
		Type string
		Data struct {
			Upload string `json:"jti"`
		}
	}
	if err := r.hook.Verify(body, request.Header); err != nil {
		r.t.Errorf("the delivery isn't genuine: %v: %s", err, body)
	} else if err := json.Unmarshal(body, &delivery); err != nil {
		r.t.Errorf("the delivery can't be read: %v: %s", err, body)
	}
	r.take(request.Header.Get("Webhook-Id"), string(body), event{delivery.Data.Upload, delivery.Type})
	w.WriteHeader(http.StatusNoContent)
}

// take keeps a delivery.
func (r *receiver) take(id, body string, of event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, known := r.bodies[id]; known {
		r.repeat++
		if before != body {
			r.t.Errorf("the delivery %s came with the body %s and then with %s", id, before, body)
		}
		return
	}
	r.bodies[id] = body
	if other, known := r.told[of]; known {
		r.t.Errorf("%s of upload %s was told under the IDs %s and %s", of.kind, of.upload, other.id, id)
		return
	}
	r.told[of] = telling{id, time.Now()}
}

// find returns how the receiver learned of an event; known is false where it didn't.
func (r *receiver) find(of event) (told telling, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	told, known = r.told[of]
	return told, known
}

// repeats counts the deliveries that came again.
func (r *receiver) repeats() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.repeat
}
