-- SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
--
-- Exercises SQLite end to end through its shell: parser and expression trees at their limits of depth, sorters, joins, windows,
-- recursive queries, triggers that recurse, full-text and r-tree indices, JSON, transactions, vacuum, backup. Prints only what
-- is the same on every run.
.bail off
.headers on
.mode list
.nullvalue NULL
SELECT sqlite_version() LIKE '3.%' AS version;
PRAGMA journal_mode = DELETE;
PRAGMA foreign_keys = ON;
PRAGMA recursive_triggers = ON;

-- tables of some size, from a recursive query with a small generator
CREATE TABLE item(id INTEGER PRIMARY KEY, grp INTEGER, value REAL, name TEXT UNIQUE, data BLOB);
WITH RECURSIVE n(i, x) AS (SELECT 1, 42 UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM n WHERE i < 20000)
INSERT INTO item SELECT i, x % 97, x / 1000.0, printf('name-%06d', (x + i) % 1000000 * 20011 + i), CAST(hex(x) AS BLOB) FROM n;
SELECT count(*), sum(grp), round(avg(value), 3), min(name), max(length(data)) FROM item;
SELECT grp, count(*), round(total(value), 2) AS t FROM item GROUP BY grp HAVING count(*) > 200 ORDER BY t DESC LIMIT 5;
CREATE INDEX item_grp ON item(grp, value DESC);
CREATE INDEX item_expr ON item(substr(name, 6, 3)) WHERE value > 1000000;
ANALYZE;
EXPLAIN QUERY PLAN SELECT * FROM item WHERE grp = 5 ORDER BY value DESC;
EXPLAIN QUERY PLAN SELECT a.id FROM item a JOIN item b ON a.id = b.grp WHERE b.value > 10 AND a.name GLOB 'name-1*';
SELECT count(*) FROM item a JOIN item b ON b.grp = a.id WHERE a.id < 97;
SELECT count(DISTINCT substr(name, 6, 3)), group_concat(DISTINCT grp % 10) FROM item;
SELECT name FROM item WHERE name LIKE '%99_1' OR name GLOB '*[0-3]77' ORDER BY name COLLATE NOCASE DESC LIMIT 4;
SELECT count(*) FROM item WHERE grp IN (SELECT grp FROM item GROUP BY grp ORDER BY sum(value) LIMIT 10);

-- windows
SELECT id, grp, row_number() OVER w, rank() OVER w, ntile(4) OVER w, lag(id, 1, 0) OVER w, round(sum(value) OVER w, 1),
       first_value(id) OVER w FROM item WHERE grp = 3 WINDOW w AS (PARTITION BY grp ORDER BY value) ORDER BY id LIMIT 5;
SELECT sum(s) FROM (SELECT round(sum(value) OVER (PARTITION BY grp ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING EXCLUDE TIES), 2) AS s FROM item);

-- recursion in queries: a maze-like count, the Mandelbrot set, a sudoku-like search
WITH RECURSIVE hanoi(n, moves) AS (VALUES(1, 1) UNION ALL SELECT n + 1, 2 * moves + 1 FROM hanoi WHERE n < 40) SELECT max(moves) FROM hanoi;
WITH RECURSIVE xaxis(x) AS (VALUES(-2.0) UNION ALL SELECT x + 0.05 FROM xaxis WHERE x < 1.2),
  yaxis(y) AS (VALUES(-1.0) UNION ALL SELECT y + 0.1 FROM yaxis WHERE y < 1.0),
  m(iter, cx, cy, x, y) AS (SELECT 0, x, y, 0.0, 0.0 FROM xaxis, yaxis
    UNION ALL SELECT iter + 1, cx, cy, x * x - y * y + cx, 2.0 * x * y + cy FROM m WHERE (x * x + y * y) < 4.0 AND iter < 28),
  m2(iter, cx, cy) AS (SELECT max(iter), cx, cy FROM m GROUP BY cx, cy),
  a(t) AS (SELECT group_concat(substr(' .+*#', 1 + min(iter / 7, 4), 1), '') FROM m2 GROUP BY cy)
SELECT group_concat(rtrim(t), x'0a') AS mandelbrot FROM a;
WITH RECURSIVE input(sud) AS (VALUES('53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79')),
  digits(z, lp) AS (VALUES('1', 1) UNION ALL SELECT CAST(lp + 1 AS TEXT), lp + 1 FROM digits WHERE lp < 9),
  x(s, ind) AS (SELECT sud, instr(sud, '.') FROM input UNION ALL
    SELECT substr(s, 1, ind - 1) || z || substr(s, ind + 1), instr(substr(s, 1, ind - 1) || z || substr(s, ind + 1), '.')
    FROM x, digits AS z WHERE ind > 0 AND NOT EXISTS (SELECT 1 FROM digits AS lp WHERE z.z = substr(s, ((ind - 1) / 9) * 9 + lp, 1)
      OR z.z = substr(s, ((ind - 1) % 9) + (lp - 1) * 9 + 1, 1)
      OR z.z = substr(s, (((ind - 1) / 3) % 3) * 3 + ((ind - 1) / 27) * 27 + lp + ((lp - 1) / 3) * 6, 1)))
SELECT s AS sudoku FROM x WHERE ind = 0;

-- the limits of nesting: expressions, subqueries, compound selects, and one step past
SELECT (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))) AS parens;
SELECT ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))));
SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT 1 AS deep))))))));
CREATE TABLE generated(sql TEXT);
WITH RECURSIVE e(n, s) AS (VALUES(1, 'x') UNION ALL SELECT n + 1, s || '+abs(-x)' FROM e WHERE n < 900) INSERT INTO generated SELECT 'CREATE VIEW nested AS SELECT ' || s || ' AS v FROM (SELECT -7 AS x);' FROM e WHERE n = 900;
.headers off
.once generated.sql
SELECT sql FROM generated;
.headers on
.read generated.sql
SELECT v FROM nested;
.headers off
.once generated.sql
WITH RECURSIVE e(n, s) AS (VALUES(1, '1') UNION ALL SELECT n + 1, s || '+1' FROM e WHERE n < 1200) SELECT 'SELECT ' || s || ';' FROM e WHERE n = 1200;
.read generated.sql
.once generated.sql
WITH RECURSIVE e(n, s) AS (VALUES(1, 'SELECT 1 AS c') UNION ALL SELECT n + 1, s || ' UNION ALL SELECT ' || n FROM e WHERE n < 450) SELECT 'SELECT count(*), sum(c) FROM (' || s || ');' FROM e WHERE n = 450;
.headers on
.read generated.sql

-- triggers that recurse, foreign keys that cascade
CREATE TABLE chain(n INTEGER PRIMARY KEY, done INTEGER);
CREATE TRIGGER chain_next AFTER INSERT ON chain WHEN new.n < 500 BEGIN INSERT INTO chain VALUES(new.n + 1, new.n * new.n); END;
INSERT INTO chain VALUES(1, 0);
SELECT count(*), max(n), sum(done) FROM chain;
CREATE TABLE node(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES node(id) ON DELETE CASCADE);
WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 600) INSERT INTO node SELECT i, nullif(i - 1, 0) FROM n;
DELETE FROM node WHERE id = 101;
SELECT count(*), max(id) FROM node;
INSERT INTO node VALUES(1000, 999);
CREATE TRIGGER forever AFTER UPDATE ON chain BEGIN UPDATE chain SET done = done + 1 WHERE n = old.n; END;
UPDATE chain SET done = 0 WHERE n = 1;
DROP TRIGGER forever;

-- full text, r-tree, JSON, dates, math, text functions
CREATE VIRTUAL TABLE doc USING fts5(title, body, tokenize = 'porter');
INSERT INTO doc SELECT 'title ' || id, 'the quick ' || name || CASE id % 7 WHEN 0 THEN ' foxes jumping' ELSE ' dog sleeps' END FROM item WHERE id <= 3000;
SELECT count(*) FROM doc WHERE doc MATCH 'fox AND jump';
SELECT title, snippet(doc, 1, '[', ']', '..', 4) FROM doc WHERE doc MATCH 'body: (jump* NOT dog)' ORDER BY rank, rowid LIMIT 2;
INSERT INTO doc(doc) VALUES('optimize');
INSERT INTO doc(doc) VALUES('integrity-check');
CREATE VIRTUAL TABLE box USING rtree(id, minx, maxx, miny, maxy);
INSERT INTO box SELECT id, id % 100, id % 100 + 2, id / 100, id / 100 + 1 FROM item WHERE id <= 5000;
SELECT count(*), sum(id) FROM box WHERE minx >= 10 AND maxx <= 20 AND miny > 5 AND maxy < 30;
SELECT rtreecheck('box');
SELECT json_extract('{"a":[1,2,{"b":[3,4]}]}', '$.a[2].b[1]') AS j, json_group_array(grp) FROM (SELECT DISTINCT grp FROM item ORDER BY grp LIMIT 5);
SELECT key, value, type, fullkey FROM json_tree('{"x":[1,"two",null,{"y":2.5}],"z":true}') WHERE atom IS NOT NULL;
SELECT json_valid(printf('%.*c', 900, '[') || printf('%.*c', 900, ']')) AS deep_json, json_valid('{') AS bad;
SELECT date('2024-02-29', '+1 year', 'start of month'), strftime('%j %W %s', '2001-09-09 01:46:40'), julianday('2000-01-01');
SELECT round(sqrt(2), 10), round(pow(2, 0.5), 10), round(ln(10), 10), pi() > 3.14, 7 / 2, -7 % 3, 1 << 62, ~0, 9223372036854775807 + 1;
SELECT printf('%5d|%-6s|%08.3f|%x|%q|%Q|%e', 42, 'ab', 3.14159, 255, 'it''s', NULL, 12345.678), quote(x'00ff'), unicode('ä'), char(8364);
SELECT upper('abc'), trim('  x '), replace('banana', 'an', 'AN'), instr('hello', 'll'), hex(zeroblob(4)), typeof(1.0), coalesce(NULL, 2), iif(0, 1, 2);

-- changes: upsert, returning, generated columns, strict, savepoints, conflicts
CREATE TABLE acc(id INTEGER PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0), twice INTEGER GENERATED ALWAYS AS (n * 2) STORED) STRICT;
INSERT INTO acc(id, n) VALUES(1, 10), (2, 20), (3, 30) RETURNING id, twice;
INSERT INTO acc(id, n) VALUES(1, 5) ON CONFLICT(id) DO UPDATE SET n = n + excluded.n RETURNING n, twice;
INSERT INTO acc(id, n) VALUES(9, 'text');
INSERT INTO acc(id, n) VALUES(9, -1);
INSERT INTO acc(id, n) VALUES(1, 1);
BEGIN;
UPDATE acc SET n = n + 1;
SAVEPOINT inner;
DELETE FROM acc WHERE id = 2;
SAVEPOINT innermost;
INSERT INTO acc(id, n) VALUES(100, 100);
ROLLBACK TO inner;
SELECT count(*), sum(n) FROM acc;
RELEASE inner;
ROLLBACK;
SELECT count(*), sum(n) FROM acc;
UPDATE item SET value = value + (SELECT n FROM acc WHERE acc.id = item.id % 3 + 1) WHERE id % 2 = 0;
DELETE FROM item WHERE id % 5 = 0;
SELECT count(*), round(sum(value), 2) FROM item;

-- the file: attach, copies, dump and reload, integrity, vacuum
ATTACH 'database.second' AS second;
CREATE TABLE second.copy AS SELECT * FROM item WHERE grp < 10;
SELECT count(*), round(sum(value), 1) FROM second.copy;
SELECT count(*) FROM main.item JOIN second.copy USING (id);
DETACH second;
PRAGMA integrity_check;
VACUUM;
PRAGMA quick_check;
.dump acc
.backup database.backup
.open database.backup
SELECT count(*), round(sum(value), 2) FROM item;
PRAGMA integrity_check;
.schema acc
.mode csv
SELECT id, grp, name FROM item WHERE grp = 11 ORDER BY id LIMIT 3;
.mode json
SELECT id, grp, name FROM item WHERE grp = 11 ORDER BY id LIMIT 3;
.mode box
SELECT id, grp, name FROM item WHERE grp = 11 ORDER BY id LIMIT 3;
.mode insert made
SELECT id, name, data FROM item WHERE grp = 11 ORDER BY id LIMIT 3;

-- errors of the parser and of the shell
.mode list
SELECT FROM WHERE;
SELECT * FROM no_such_table;
SELECT no_such_function(1);
SELECT 'unterminated;
';
.no_such_command
SELECT 'end';
