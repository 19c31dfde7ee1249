CREATE TABLE chain (
    position INTEGER PRIMARY KEY,
    chain TEXT NOT NULL UNIQUE,
    till TEXT NOT NULL,
    mode TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    key_id TEXT NOT NULL,
    public_key BLOB NOT NULL,
    series_tag TEXT NOT NULL,
    sub_series INTEGER NOT NULL DEFAULT 0,
    current INTEGER NOT NULL
);
CREATE UNIQUE INDEX chain_current ON chain (mode) WHERE current = 1;

-- chains of which central holds more than this ledger, and behind which it went on in new ones
CREATE TABLE lost_chain (
    chain TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE entry (
    chain TEXT NOT NULL REFERENCES chain (chain),
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    business_day TEXT NOT NULL,
    till_session TEXT,
    header BLOB NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL,
    signature BLOB NOT NULL,
    personal BLOB,
    PRIMARY KEY (chain, seq)
);
-- which sub-series a chain's numbers are in, and where it is to be read from; nothing else is looked for by its kind
CREATE INDEX entry_checkpoint ON entry (chain, seq) WHERE kind = 'checkpoint';
CREATE INDEX entry_clock_corrected ON entry (chain, seq) WHERE kind = 'clock_corrected';
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN
    SELECT RAISE(ABORT, 'entries are never deleted');
END;
CREATE TRIGGER entry_never_changes
BEFORE UPDATE OF chain, seq, id, kind, at, business_day, till_session, header, body, hash, signature ON entry
BEGIN
    SELECT RAISE(ABORT, 'entries never change');
END;
CREATE TRIGGER entry_personal_is_only_erased BEFORE UPDATE OF personal ON entry WHEN new.personal IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'personal data is only erased');
END;

CREATE TABLE series_counter (
    series TEXT NOT NULL,
    period TEXT NOT NULL,
    last_number INTEGER NOT NULL,
    last_date TEXT NOT NULL,
    PRIMARY KEY (series, period)
) WITHOUT ROWID;

CREATE TABLE command (
    command_id TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    result BLOB NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sale (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('open', 'parked', 'completed', 'voided')),
    owner TEXT NOT NULL,
    mode TEXT NOT NULL,
    name TEXT,
    drawer TEXT NOT NULL,
    session TEXT NOT NULL,
    started_at TEXT NOT NULL,
    parked_at TEXT,
    ended_at TEXT,
    document TEXT,
    CHECK ((state = 'parked') = (parked_at IS NOT NULL)),
    CHECK ((state IN ('completed', 'voided')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'completed') = (document IS NOT NULL))
) WITHOUT ROWID;
CREATE INDEX sale_parked ON sale (owner, mode) WHERE state = 'parked';
CREATE TRIGGER sale_ended_for_good BEFORE UPDATE ON sale WHEN old.state IN ('completed', 'voided')
BEGIN
    SELECT RAISE(ABORT, 'a sale that has ended never changes');
END;

-- the sale a screen is on: the open one, or the one just completed until somebody goes on
CREATE TABLE current_sale (
    owner TEXT NOT NULL,
    mode TEXT NOT NULL,
    sale TEXT NOT NULL UNIQUE REFERENCES sale (id),
    PRIMARY KEY (owner, mode)
) WITHOUT ROWID;

CREATE TABLE basket_event (
    sale TEXT NOT NULL REFERENCES sale (id),
    position INTEGER NOT NULL,
    event BLOB NOT NULL,
    PRIMARY KEY (sale, position)
) WITHOUT ROWID;

CREATE TABLE tender_attempt (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    sale TEXT NOT NULL REFERENCES sale (id),
    tender TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'reversal')),
    device TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intended', 'started', 'approved', 'declined', 'unknown')),
    reason TEXT NOT NULL,
    reference TEXT,
    at TEXT NOT NULL,
    UNIQUE (tender, number)
);
CREATE UNIQUE INDEX tender_attempt_open ON tender_attempt (tender) WHERE state IN ('intended', 'started', 'unknown');
CREATE INDEX tender_attempt_sale ON tender_attempt (sale);
CREATE TRIGGER tender_attempt_settled_for_good BEFORE UPDATE ON tender_attempt
WHEN old.state IN ('approved', 'declined')
BEGIN
    SELECT RAISE(ABORT, 'an attempt whose outcome is known never changes');
END;

CREATE TABLE document (
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    series TEXT NOT NULL,
    period TEXT NOT NULL,
    number INTEGER NOT NULL,
    formatted TEXT NOT NULL,
    date TEXT NOT NULL,
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    UNIQUE (series, period, number)
);

CREATE TABLE session (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    mode TEXT NOT NULL,
    drawer TEXT NOT NULL,
    currency TEXT NOT NULL,
    opening_cash INTEGER NOT NULL,
    business_day TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    chain TEXT NOT NULL,
    opened_seq INTEGER NOT NULL,
    closed_at TEXT,
    closed_chain TEXT,
    closed_seq INTEGER,
    z_number INTEGER
);
CREATE UNIQUE INDEX session_open ON session (mode, drawer) WHERE closed_seq IS NULL;
CREATE UNIQUE INDEX session_z ON session (mode, z_number) WHERE z_number IS NOT NULL;

-- open: somebody or something still has to deal with it
CREATE TABLE effect (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    of TEXT NOT NULL,
    title TEXT NOT NULL,
    document_kind TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    marker TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    baseline BLOB,
    reference BLOB,
    created_at TEXT NOT NULL,
    dismissed INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 1,
    device TEXT,
    sale TEXT
);
CREATE INDEX effect_open ON effect (position) WHERE open = 1;
CREATE INDEX effect_of ON effect (of);

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE push_cursor (
    chain TEXT NOT NULL PRIMARY KEY,
    acknowledged_seq INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE pull_cursor (
    feed TEXT NOT NULL PRIMARY KEY,
    cursor TEXT NOT NULL,
    understood TEXT NOT NULL -- by which program, as which till: another one begins the feed anew
) WITHOUT ROWID;

-- rows of central that make no sense here: what they were before stays in use until they are better
CREATE TABLE row_aside (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

CREATE TABLE registry_row (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    row BLOB NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

-- wrong PINs in a row: of an operator, from a client that was right about them before ('proven' tells the order), or
-- from all others (client '')
CREATE TABLE pin_attempt (
    operator TEXT NOT NULL,
    client TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    proven INTEGER NOT NULL,
    PRIMARY KEY (operator, client)
) WITHOUT ROWID;

CREATE TABLE alarm (
    code TEXT NOT NULL,
    subject TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (code, subject)
) WITHOUT ROWID;
