// Loads test data into the five tables, exactly as it is: what production would refuse (an orphan mapping, two unique
// models of one name, a provider without a slug) is what the tests want to see served.

/** Parents come before their children, so that a load with the foreign keys on would work too. */
export const TABLE_NAMES = ["providers", "models", "unique_models", "unique_models_provider", "model_pricing"];

const UNIQUE_VIOLATION = "23505";
const NOT_NULL_VIOLATION = "23502";
const CHECK_VIOLATION = "23514";

/**
 * Replaces the content of all tables. `transact(work)` runs `work(query)` in one transaction.
 * A constraint that the rows break is dropped from this database and the load is tried again.
 */
export async function loadTables(transact, tables) {
  const unknown = Object.keys(tables).filter((name) => !TABLE_NAMES.includes(name));
  if (unknown.length > 0) throw new Error(`no such table: ${unknown.join(", ")}`);
  for (;;) {
    try {
      return await transact((query) => replaceAll(query, tables));
    } catch (error) {
      const relax = relaxation(error);
      if (!relax) throw error;
      await transact((query) => query(relax));
    }
  }
}

async function replaceAll(query, tables) {
  // Foreign keys are triggers; a replica does not fire them, so orphans load.
  await query("set local session_replication_role = replica");
  await query(`truncate ${TABLE_NAMES.join(", ")} restart identity cascade`);
  for (const name of TABLE_NAMES) {
    for (const [columns, rows] of byColumns(tables[name] ?? [])) await insert(query, name, columns, rows);
    await query(
      `select setval(pg_get_serial_sequence('${name}', 'id'), greatest(max(id), 1), max(id) is not null) from ${name}`,
    );
  }
}

async function insert(query, name, columns, rows) {
  const list = columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(", ");
  await query(
    `insert into ${name} (${list}) select ${list} from json_populate_recordset(null::${name}, $1::text::json)`,
    [JSON.stringify(rows)],
  );
}

// Rows that lack a column get the column's default, so each set of columns is an insert of its own.
function byColumns(rows) {
  const groups = new Map();
  for (const row of rows) {
    const columns = Object.keys(row);
    const key = columns.join("\n");
    const group = groups.get(key);
    if (group) group[1].push(row);
    else groups.set(key, [columns, [row]]);
  }
  return groups.values();
}

function relaxation(error) {
  const table = `"${error.table}"`;
  if (error.code === NOT_NULL_VIOLATION) return `alter table ${table} alter column "${error.column}" drop not null`;
  if (error.code === UNIQUE_VIOLATION && error.constraint.endsWith("_pkey")) return null;
  if (error.code === UNIQUE_VIOLATION || error.code === CHECK_VIOLATION) {
    return `alter table ${table} drop constraint "${error.constraint}"`;
  }
  return null;
}
