// Package ledger keeps the record of every upload in a database: what was issued, what became of
// it, and who has to be told. It implements uploads.Ledger.
//
//	l, err := ledger.Open(ledger.Config{URL: "sqlite:postern.db"})  // or postgres://…
//	err = l.Migrate(ctx)
//	service, err := uploads.New(uploads.Config{Ledger: l, …})
//	defer l.Close()
//
// # Two databases
//
// SQLite is for one process, PostgreSQL for many. Both run the same SQL and the same schema, and
// pass the same tests. Every change waits for the disk (synchronous=FULL, synchronous_commit=on):
// what was answered survives a loss of power.
//
// # One upload
//
// An upload is one row. Decide is the only way into another state: one transaction changes the row,
// adds one event, whose data never change afterwards, and one delivery for each receiver that wants
// events of that type. So a receiver is told of what was committed and of nothing else, and two
// processes that decide at the same time agree: the second one finds the row changed and gets what
// the first one has decided.
//
// Due is one column for all that has to be asked of the store later: whether an upload has arrived
// whose browser is gone, whether something arrived after an abort, whether an object that is to be
// removed is gone. It is set in the transaction that makes it necessary and cleared when the work
// is done, so a process that dies in between leaves the work to another one.
//
// # Issuing
//
// Issue returns once its rows are committed. One goroutine writes the rows of all callers that are
// waiting in one statement. While a commit is under way the next batch gathers: a lone caller waits
// for one commit, and a caller among many for those of two batches at most.
//
// # Shared commits
//
// SQLite has one writer, and most of the time of a small change is that of the disk at its commit.
// So those who wait for the writer at the same time share a transaction: Decide, TakeDeliveries,
// FinishDelivery, a batch of Issue and the others. Each has its part of it: what fails is undone
// alone, and the rest is committed. Nobody is told that a change is recorded before the commit has
// succeeded, and where that fails all of them are told. A call that is alone waits for nobody. A
// caller that leaves before its turn changes nothing. PostgreSQL has a transaction for each, side
// by side.
//
// Statements whose text is always the same are parsed once for each connection.
//
// # Deliveries
//
// A process takes deliveries by a lease, sends them, and says how that ended. A lease ends by
// itself, and then another process takes the delivery: a receiver is told at least once. Whoever
// finishes with a lease that has ended gets ErrLeaseLost and changes nothing. Instants are those of
// the process, so the clocks of two processes may differ by less than LeaseTime less JobTime. A
// lease from further in the future than any process could have taken it counts as ended: the clock
// was set back.
//
// This is a table of our own rather than a queue such as River. The delivery has to commit with the
// row that it is about, on both databases; a queue brings tables, a rescuer and a schedule of its
// own, while here one UPDATE takes a delivery and one finishes it. Those who run Postern have one
// table fewer to understand.
//
// An application in this program is a receiver too: Deliver calls its function for each event.
//
//	l, err := ledger.Open(ledger.Config{URL: url, Receivers: []ledger.Receiver{{Name: "albums", States: []uploads.State{uploads.StateAccepted}}}})
//	go l.Deliver(ctx, "albums", func(ctx context.Context, d ledger.Delivery) error { … })
//
// # Outages
//
// Every error is an outage of the database. After one, calls fail at once for a second, so that
// requests don't queue behind a database that is away. ErrNewer alone needs a person: the database
// was migrated by a newer release.
package ledger
