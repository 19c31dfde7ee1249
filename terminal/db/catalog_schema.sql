CREATE TABLE item (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    sku TEXT NOT NULL,
    names_json TEXT NOT NULL,
    unit TEXT NOT NULL,
    vat_code TEXT,
    price_scaled INTEGER,
    version INTEGER NOT NULL,
    codes_json TEXT NOT NULL
);
CREATE TABLE item_code (
    code TEXT NOT NULL,
    item INTEGER NOT NULL,
    PRIMARY KEY (code, item)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE item_words USING fts5(
    words, content = '', detail = 'none', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
