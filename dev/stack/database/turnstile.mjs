// PGlite has one session, and PostgREST's transactions come over a socket in many messages. Without a turnstile, SQL
// of a test could run in the middle of such a transaction, under PostgREST's role. The socket server gets a stand-in
// for the database whose `runExclusive` keeps the turn until the transaction (or the extended-protocol batch) is over.

// Parse, Bind, Describe, Execute, Close, Flush, copy data: the batch goes on until Sync.
const MID_BATCH = new Set([..."PBDECHd"].map((letter) => letter.charCodeAt(0)));

export class Turnstile {
  #database;
  #turn = Promise.resolve();
  #socketHolds = null;

  constructor(database) {
    this.#database = database;
  }

  /** Runs `work` while no other client is in a transaction. */
  async run(work) {
    const release = await this.#acquire();
    try {
      return await work(this.#database);
    } finally {
      release();
    }
  }

  /** What PGLiteSocketServer uses of a PGlite. */
  socketSide() {
    const database = this.#database;
    let lastMessageType = 0;
    const releaseWhenDone = () => {
      if (database.isInTransaction() || MID_BATCH.has(lastMessageType)) return;
      this.#socketHolds?.();
      this.#socketHolds = null;
    };
    return {
      waitReady: database.waitReady,
      isInTransaction: () => database.isInTransaction(),
      runExclusive: async (work) => {
        this.#socketHolds ??= await this.#acquire();
        try {
          return await database.runExclusive(work);
        } finally {
          releaseWhenDone();
        }
      },
      execProtocolRawStream: (message, options) => {
        lastMessageType = message[0];
        return database.execProtocolRawStream(message, options);
      },
      // The socket server rolls back for a client that left in the middle.
      exec: async (sql) => {
        const result = await database.exec(sql);
        lastMessageType = 0;
        releaseWhenDone();
        return result;
      },
    };
  }

  async #acquire() {
    let release;
    const before = this.#turn;
    this.#turn = new Promise((resolve) => (release = resolve));
    await before;
    return release;
  }
}
