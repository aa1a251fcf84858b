package ledger

// migrations are the steps from an empty database to the schema of this release; step n makes
// version n. What has been released never changes: a change of the schema is one more step.
//
// Instants are milliseconds since 1970 in UTC, so that both databases compare them alike. Texts
// that are sorted compare byte by byte in both (upload IDs are ASCII).
var migrations = []string{
	`CREATE TABLE postern_uploads (
		id       TEXT   NOT NULL PRIMARY KEY,
		profile  TEXT   NOT NULL,
		subject  TEXT   NOT NULL,
		claims   TEXT   NOT NULL,
		state    TEXT   NOT NULL,
		sequence BIGINT NOT NULL,
		issued   BIGINT NOT NULL,
		ends     BIGINT NOT NULL,
		changed  BIGINT NOT NULL,
		due      BIGINT,
		claimed  BIGINT,
		erased   BIGINT,
		data     TEXT
	);
	CREATE INDEX postern_uploads_of_subject ON postern_uploads (subject, id);
	CREATE INDEX postern_uploads_due ON postern_uploads (due) WHERE due IS NOT NULL;
	CREATE INDEX postern_uploads_finished ON postern_uploads (changed) WHERE due IS NULL;
	CREATE INDEX postern_uploads_erased ON postern_uploads (erased) WHERE erased IS NOT NULL;

	CREATE TABLE postern_events (
		upload   TEXT   NOT NULL REFERENCES postern_uploads (id) ON DELETE CASCADE,
		sequence BIGINT NOT NULL,
		state    TEXT   NOT NULL,
		at       BIGINT NOT NULL,
		data     TEXT   NOT NULL,
		PRIMARY KEY (upload, sequence)
	);

	CREATE TABLE postern_deliveries (
		id       TEXT   NOT NULL PRIMARY KEY,
		upload   TEXT   NOT NULL,
		sequence BIGINT NOT NULL,
		receiver TEXT   NOT NULL,
		state    TEXT   NOT NULL,
		attempts BIGINT NOT NULL,
		due      BIGINT NOT NULL,
		leased   BIGINT NOT NULL,
		lease    TEXT   NOT NULL,
		changed  BIGINT NOT NULL,
		status   BIGINT NOT NULL,
		reason   TEXT   NOT NULL,
		FOREIGN KEY (upload, sequence) REFERENCES postern_events (upload, sequence) ON DELETE CASCADE
	);
	CREATE INDEX postern_deliveries_of_upload ON postern_deliveries (upload, sequence);
	CREATE INDEX postern_deliveries_waiting ON postern_deliveries (receiver, due) WHERE state = 'waiting';
	CREATE INDEX postern_deliveries_failed ON postern_deliveries (changed, id) WHERE state = 'failed';

	CREATE TABLE postern_leases (
		name   TEXT   NOT NULL PRIMARY KEY,
		holder TEXT   NOT NULL,
		taken  BIGINT NOT NULL
	)`,
}
