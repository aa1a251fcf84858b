package nodes

import (
	"database/sql"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	_ "github.com/postern-dev/postern/handlers/ledger" // registers the drivers of both databases
	"github.com/postern-dev/postern/handlers/uploads"
)

// record is what the ledger says of one upload.
type record struct {
	state     uploads.State
	accepted  int // events of acceptance
	sequence  int
	delivered bool // nothing waits to be delivered
}

// records reads the ledger's tables. It is nil where the database gives no answer.
func (s *site) records() map[string]record {
	s.t.Helper()
	driver, source := "pgx", s.ledger
	if file, ok := strings.CutPrefix(s.ledger, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+file+"?mode=ro&_busy_timeout=5000"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(s.t.Context(), `SELECT u.id, u.state, u.sequence,
		(SELECT COUNT(*) FROM postern_events e WHERE e.upload = u.id AND e.state = 'accepted'),
		(SELECT COUNT(*) FROM postern_deliveries d WHERE d.upload = u.id AND d.state <> 'done') FROM postern_uploads u`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]record{}
	for rows.Next() {
		var id string
		var r record
		var waiting int
		if err := rows.Scan(&id, &r.state, &r.sequence, &r.accepted, &waiting); err != nil {
			s.t.Fatal(err)
		}
		r.delivered = waiting == 0
		all[id] = r
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// objects are the keys of the site's objects, by the IDs of their uploads.
func (s *site) objects() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	pages := s3.NewListObjectsV2Paginator(store.Client(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(s.prefix + "/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, object := range page.Contents {
			id, _, _ := strings.Cut(path.Base(aws.ToString(object.Key)), ".")
			all[id] = aws.ToString(object.Key)
		}
	}
	return all
}

// unknown lists the objects that aren't accepted and told of.
func (s *site) unknown() (ids []string) {
	s.t.Helper()
	records := s.records()
	for id := range s.objects() {
		_, told := s.receiver.find(event{id, "upload.accepted"})
		if records[id].state != uploads.StateAccepted || !told {
			ids = append(ids, id)
		}
	}
	return ids
}

// wantNothingUnknown checks that each object has exactly one acceptance, in the ledger and told to
// the application, and that each acceptance has its object.
func (s *site) wantNothingUnknown() {
	s.t.Helper()
	records, objects := s.records(), s.objects()
	for id, key := range objects {
		r := records[id]
		_, told := s.receiver.find(event{id, "upload.accepted"})
		if r.state != uploads.StateAccepted || r.accepted != 1 || !told {
			s.t.Errorf("object %s: the upload is %q, was accepted %d times, told of: %v", key, r.state, r.accepted, told)
		}
	}
	for id, r := range records {
		if _, stored := objects[id]; r.accepted > 0 && !stored {
			s.t.Errorf("upload %s was accepted and has no object", id)
		}
		if _, told := s.receiver.find(event{id, "upload.accepted"}); told != (r.accepted > 0) {
			s.t.Errorf("upload %s: accepted %d times, told of: %v", id, r.accepted, told)
		}
	}
}
