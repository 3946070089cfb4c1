#include <sqlite3.h>

// Only what Swift can't reach by itself: variadic functions and a macro that is a cast pointer.

/// `sqlite3_db_config` with one on/off setting: https://sqlite.org/c3ref/c_dbconfig_defensive.html
static inline int csqlite_db_config_flag(sqlite3 *database, int option, int enabled) {
    return sqlite3_db_config(database, option, enabled, (int *)0);
}

/// `SQLITE_TRANSIENT`: "SQLite makes its own private copy of the data immediately": https://sqlite.org/c3ref/c_static.html
static inline sqlite3_destructor_type csqlite_transient(void) { return SQLITE_TRANSIENT; }
