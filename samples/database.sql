-- SPDX-License-Identifier: MIT
-- The database of samples/snapshot.c, some 20 MiB: sqlite3 FILE <database.sql
PRAGMA page_size = 4096;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner TEXT, note TEXT, balance TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
INSERT INTO accounts
SELECT i, printf('customer %06d', i),
       printf('opened in %d, pays %s a month, lives in street %d', 1970 + i * 31 % 50,
	      CASE i % 3 WHEN 0 THEN 'nothing' WHEN 1 THEN 'a little' ELSE 'too much' END, i * 17 % 999),
       printf('balance=%012d', i * 7919 % 1000000)
FROM n;
CREATE INDEX owners ON accounts (owner);
