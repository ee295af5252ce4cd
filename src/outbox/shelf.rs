//! Records under their ids, in the order in which their turns come.

use redb::{ReadableTable as _, ReadableTableMetadata as _, Table, TableDefinition, WriteTransaction};

type Row = (i64, i64, u32, &'static [u8]);

/// No more than that is taken out at once, but for one record.
const DUE_MAX_BYTES: usize = 16 << 20;

/// The names of the tables of a shelf.
pub(super) struct Names {
    pub(super) rows: &'static str,
    pub(super) turns: &'static str,
    pub(super) bytes: &'static str,
}

/// One kind of record, within a transaction. All times are seconds since the Unix epoch.
pub(super) struct Shelf<'t> {
    rows: Table<'t, u128, Row>,
    turns: Table<'t, (i64, u128), ()>,
    /// What stands in all rows together.
    bytes: Table<'t, (), u64>,
}

/// A record as it stands there.
pub(super) struct Kept {
    pub(super) id: u128,
    /// When its turn comes.
    pub(super) turn: i64,
    /// Since when it is there.
    pub(super) since: i64,
    /// How often its turn was put off.
    pub(super) attempts: u32,
    pub(super) sealed: Vec<u8>,
}

impl<'t> Shelf<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, names: &Names) -> Result<Self, redb::Error> {
        Ok(Self {
            rows: transaction.open_table(TableDefinition::new(names.rows))?,
            turns: transaction.open_table(TableDefinition::new(names.turns))?,
            bytes: transaction.open_table(TableDefinition::new(names.bytes))?,
        })
    }

    pub(super) fn len(&self) -> Result<u64, redb::Error> {
        Ok(self.rows.len()?)
    }

    /// Size of all records.
    pub(super) fn bytes(&self) -> Result<u64, redb::Error> {
        Ok(self.bytes.get(())?.map_or(0, |bytes| bytes.value()))
    }

    fn resize(&mut self, before: usize, after: usize) -> Result<(), redb::Error> {
        if before != after {
            let bytes = self.bytes()?.saturating_sub(before as u64).saturating_add(after as u64);
            self.bytes.insert((), bytes)?;
        }
        Ok(())
    }

    pub(super) fn has(&self, id: u128) -> Result<bool, redb::Error> {
        Ok(self.rows.get(id)?.is_some())
    }

    pub(super) fn find(&self, id: u128) -> Result<Option<Kept>, redb::Error> {
        let row = self.rows.get(id)?;
        Ok(row.map(|row| {
            let (turn, since, attempts, sealed) = row.value();
            Kept { id, turn, since, attempts, sealed: sealed.to_owned() }
        }))
    }

    pub(super) fn put(&mut self, record: &Kept) -> Result<(), redb::Error> {
        let Kept { id, turn, since, attempts, sealed } = record;
        let before = self.rows.insert(id, (*turn, *since, *attempts, &**sealed))?.map(|row| turn_and_size(row.value()));
        if let Some((before, _)) = before {
            self.turns.remove((before, *id))?;
        }
        self.turns.insert((*turn, *id), ())?;
        self.resize(before.map_or(0, |(_, size)| size), sealed.len())
    }

    /// Whether there was one.
    pub(super) fn remove(&mut self, id: u128) -> Result<bool, redb::Error> {
        let removed = self.rows.remove(id)?.map(|row| turn_and_size(row.value()));
        if let Some((turn, size)) = removed {
            self.turns.remove((turn, id))?;
            self.resize(size, 0)?;
        }
        Ok(removed.is_some())
    }

    /// Whether there is one whose turn could be put off.
    pub(super) fn put_off(&mut self, id: u128, turn: i64) -> Result<bool, redb::Error> {
        let Some(record) = self.find(id)? else { return Ok(false) };
        self.put(&Kept { turn, attempts: record.attempts.saturating_add(1), ..record })?;
        Ok(true)
    }

    /// The turn that comes first.
    pub(super) fn first(&self) -> Result<Option<(i64, u128)>, redb::Error> {
        Ok(self.turns.first()?.map(|(turn, _)| turn.value()))
    }

    /// Those whose turn has come, at most so many; who waits longest comes first.
    pub(super) fn due(&self, now: i64, count: usize) -> Result<Vec<Kept>, redb::Error> {
        self.due_if(now, count, |_| true)
    }

    /// The same of those that are wanted; fewer where they are large.
    pub(super) fn due_if(
        &self,
        now: i64,
        count: usize,
        is_wanted: impl Fn(u128) -> bool,
    ) -> Result<Vec<Kept>, redb::Error> {
        let (mut due, mut bytes) = (Vec::new(), 0);
        for turn in self.turns.range(..=(now, u128::MAX))? {
            if due.len() >= count || bytes >= DUE_MAX_BYTES {
                break;
            }
            let (_, id) = turn?.0.value();
            if let Some(record) = if is_wanted(id) { self.find(id)? } else { None } {
                bytes += record.sealed.len();
                due.push(record);
            }
        }
        Ok(due)
    }
}

fn turn_and_size((turn, _, _, sealed): (i64, i64, u32, &[u8])) -> (i64, usize) {
    (turn, sealed.len())
}
