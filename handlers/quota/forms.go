package quota

import (
	"container/heap"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// lateLanding is for how long after its expiration a form may still arrive: a large file takes its
// time.
const lateLanding = 24 * time.Hour

// minLookUpPause is how long a form isn't looked up again. The pause grows to the time since the
// form ended, so that no form is looked up more often than some ten times.
const minLookUpPause = time.Minute

// form is what a pending upload is where it is a plain form. It is charged with the largest object
// that it allows. Once its time has ended it is charged with what the store holds of it.
type form struct {
	profile, subject, key string
	issued, ended         time.Time
	largest               int64 // of all objects that landed or were found, in bytes
	stored                bool  // an object landed or was found
	proven                bool  // settled after its end: charged with what is stored, no longer open
	nextLookUp            time.Time
}

// newForm is the form of a plan that is charged now.
func newForm(now time.Time, plan profile.Plan) *form {
	return &form{profile: plan.Profile, subject: plan.Subject, key: plan.Key,
		issued: now, ended: plan.Expiration, nextLookUp: plan.Expiration}
}

// openForms are the forms of one account: what those hold that may still be used, or that nobody
// has looked up since they ended, and those that may be looked up.
type openForms struct {
	count, bytes int64
	lookUps      lookUps
}

func (o *openForms) add(p *pendingUpload) {
	o.count += p.count
	o.bytes += p.bytes
	for len(o.lookUps) > 0 && o.lookUps[0].upload.forgotten {
		heap.Pop(&o.lookUps)
	}
	heap.Push(&o.lookUps, lookUp{p, p.form.nextLookUp})
}

// remove takes out what a form held. It may still be looked up.
func (o *openForms) remove(p *pendingUpload) {
	o.count -= p.count
	o.bytes -= p.bytes
}

// due returns forms that may be looked up now, those that ended first in front, at most
// uploads.MaxEndedForms of them. It returns none of them again before its pause is over.
func (o *openForms) due(now time.Time) []uploads.EndedForm {
	var due []uploads.EndedForm
	var again []lookUp
	for len(due) < uploads.MaxEndedForms && len(o.lookUps) > 0 && !o.lookUps[0].at.After(now) {
		p := heap.Pop(&o.lookUps).(lookUp).upload
		if p.forgotten {
			continue
		}
		if f := p.form; !f.nextLookUp.After(now) {
			due = append(due, uploads.EndedForm{ID: p.id, Profile: f.profile, Subject: f.subject, Key: f.key, Issued: f.issued})
			f.nextLookUp = now.Add(max(minLookUpPause, now.Sub(f.ended)))
		}
		again = append(again, lookUp{p, p.form.nextLookUp})
	}
	for _, l := range again {
		heap.Push(&o.lookUps, l)
	}
	return due
}

// lookUp is a form and the time from which on it may be looked up.
type lookUp struct {
	upload *pendingUpload
	at     time.Time
}

// lookUps is a heap with the form in front that may be looked up first. It isn't told when a form
// is forgotten.
type lookUps []lookUp

func (q lookUps) Len() int           { return len(q) }
func (q lookUps) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q lookUps) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push and Pop are for container/heap.
func (q *lookUps) Push(l any) { *q = append(*q, l.(lookUp)) }

func (q *lookUps) Pop() any {
	last := len(*q) - 1
	l := (*q)[last]
	(*q)[last] = lookUp{}
	*q = (*q)[:last]
	return l
}

// settleForm notes what was found of a form. Until its end it can be posted again, whatever was
// found, so its charge stays.
func (p *pendingUpload) settleForm(now time.Time, s uploads.Settlement) {
	f := p.form
	if s.Kept {
		f.stored, f.largest = true, max(f.largest, s.Size)
	}
	if now.Before(f.ended) {
		return
	}
	if !f.proven {
		f.proven = true
		p.leaveOpenForms()
	}
	count := int64(0)
	if f.stored {
		count = 1
	}
	p.recharge(now, count, f.largest)
}

func (p *pendingUpload) leaveOpenForms() {
	for _, c := range p.charges {
		c.account.forms.remove(p)
	}
}

// recharge changes what every account is charged with.
func (p *pendingUpload) recharge(now time.Time, count, bytes int64) {
	for _, c := range p.charges {
		c.account.uploads.change(now, c.uploadsSlot, count-p.count)
		c.account.bytes.change(now, c.bytesSlot, bytes-p.bytes)
	}
	p.count, p.bytes = count, bytes
}

// change spends more now, or gives back what was spent in a step.
func (w *window) change(now time.Time, step, amount int64) {
	if amount < 0 {
		w.giveBack(step, -amount)
		return
	}
	w.add(now, amount)
}
