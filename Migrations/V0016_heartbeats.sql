-- A process shows that it lives by its beat, a number that it draws anew whenever it renews its row. Others watch by their
-- own clocks whether it changes: no time of one process is compared with another's. expires_at is for a process of an
-- older version beside this one.
ALTER TABLE processes ADD COLUMN beat INTEGER NOT NULL DEFAULT 0;

-- Where the process runs, so that another one on the machine can ask the kernel whether it still does. NULL: can't be asked.
ALTER TABLE processes ADD COLUMN place TEXT;
