//! What goes wrong in a schedule: the network, Redis as a server, its copies and its data, isolates and clients.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use model_catalog_edge::catalog::Resource;

use super::{
    history::Trouble,
    schedule::{MODELS, Schedule},
};
use crate::support::{
    catalog,
    colo::FakeColo,
    isolate::ACTIVE,
    redis::{Fault, Lag, Refusal, Value},
};

fn well(place: &FakeColo) {
    place.fault.set(Fault::None);
    place.lag_ms.set(0);
    place.keeps.set(true);
}

impl Schedule {
    pub fn break_something(&mut self) {
        match self.sim.below(22) {
            0..6 => self.fault(),
            6..9 => self.heal(),
            9 | 10 => self.death(),
            11 | 12 => {
                self.sim.kill_one();
                self.history.borrow_mut().cause(self.now());
            }
            13 => self.lose_data(),
            14 => self.dump_or_restore(),
            15 | 16 => self.lag(),
            17 => self.refuse(),
            18 => self.nonsense(),
            19 => self.endless(),
            _ => self.evict(),
        }
    }

    fn fault(&mut self) {
        let faults = [
            Fault::Slow(300),
            Fault::Hung,
            Fault::Error,
            Fault::LostAnswer,
            Fault::Corrupt,
            Fault::Limited,
            Fault::Quota,
        ];
        let (fault, now) = (self.sim.pick(&faults), self.now());
        let mut history = self.history.borrow_mut();
        match self.sim.below(3) {
            0 => {
                self.world.redis.fault.set(fault);
                history.begin(Trouble::Redis, now);
                history.leases_were_lost = true;
            }
            1 => {
                self.world.kv.fault.set(fault);
                history.begin(Trouble::Kv, now);
            }
            _ => {
                if self.sim.below(3) == 0 {
                    self.world.origin.models.set(0);
                } else {
                    self.world.origin.fault.set(fault);
                }
                history.begin(Trouble::Origin, now);
            }
        }
    }

    /// A data center's cache fails, forgets, keeps nothing, gives what was replaced, or is well again.
    pub fn break_data_center(&self) {
        let place = self.sim.pick(&self.places);
        let faults =
            [Fault::Slow(300), Fault::Hung, Fault::Error, Fault::LostAnswer, Fault::Corrupt];
        match self.sim.below(8) {
            0 | 1 => place.fault.set(self.sim.pick(&faults)),
            2 | 3 => place.lag_ms.set(self.sim.pick(&[20_000, 40_000, 100_000, 2_000_000])),
            4 => place.forget(),
            5 => place.keeps.set(false),
            _ => well(&place),
        }
    }

    pub fn heal(&mut self) {
        self.places.iter().for_each(well);
        self.world.redis.fault.set(Fault::None);
        self.world.redis.lag.set(Lag::None);
        self.world.redis.refusal.set(Refusal::None);
        self.world.kv.fault.set(Fault::None);
        self.world.origin.fault.set(Fault::None);
        self.world.origin.models.set(MODELS);
        let (mut history, now) = (self.history.borrow_mut(), self.now());
        for trouble in
            [Trouble::Redis, Trouble::Kv, Trouble::Origin, Trouble::Lag, Trouble::Refusal]
        {
            history.end(trouble, now);
        }
    }

    fn death(&mut self) {
        let index = usize::try_from(self.sim.below(self.isolates.len() as u64)).unwrap();
        let dead = self.isolates.remove(index);
        self.sim.kill(dead.group);
        self.birth();
        self.history.borrow_mut().cause(self.now());
    }

    fn forget_control(&self) {
        self.history.borrow_mut().forget_control(self.now());
    }

    fn lose_data(&mut self) {
        self.world.redis.flush();
        self.forget_control();
    }

    fn dump_or_restore(&mut self) {
        match self.dump.take() {
            None => self.dump = Some(self.world.redis.snapshot()),
            Some(dump) => {
                self.world.redis.restore(&dump);
                self.forget_control();
                let is_syncing = self.world.redis.get(&self.world.keys.sync_marker()).is_some();
                let mut history = self.history.borrow_mut();
                history.versions_were_lost = true;
                if is_syncing {
                    history.begin(Trouble::Sync, self.now());
                }
            }
        }
    }

    fn lag(&mut self) {
        let behind = 1 + self.sim.below(60);
        let lag = [Lag::Whole(behind), Lag::PerKey(1 + behind / 20), Lag::Torn(1 + behind / 10)];
        self.world.redis.lag.set(self.sim.pick(&lag));
        let mut history = self.history.borrow_mut();
        history.begin(Trouble::Lag, self.now());
        history.versions_were_lost = true;
    }

    fn refuse(&mut self) {
        let refusals = [Refusal::NotPermitted, Refusal::OutOfMemory, Refusal::ReadOnlyReplica];
        self.world.redis.refusal.set(self.sim.pick(&refusals));
        let mut history = self.history.borrow_mut();
        history.begin(Trouble::Refusal, self.now());
        history.leases_were_lost = true;
    }

    /// Somebody else's value under a key of ours.
    fn nonsense(&mut self) {
        let keys = &self.world.keys;
        let hash = BTreeMap::from([(Rc::from("a"), Rc::from("1"))]);
        let value = self.sim.pick(&[
            Value::Text("7".into()),
            Value::Text("[{\"id\":\"v0\"}]".into()),
            Value::Text("{\"epoch\":1}".into()),
            Value::Hash(Rc::new(hash)),
            Value::List(Rc::from(["x".to_owned()])),
        ]);
        let key = self.sim.pick(&[
            keys.control(),
            keys.version(ACTIVE),
            keys.lease(ACTIVE),
            keys.derived(ACTIVE),
            keys.backend_epoch(),
            keys.resource(&Resource::Snapshot(ACTIVE)),
            keys.listing(&self.some_selection().into()),
        ]);
        self.world.redis.put(&key, value, Some(Duration::from_secs(600)));
        self.forget_control();
        let (mut history, now) = (self.history.borrow_mut(), self.now());
        history.versions_were_lost = true;
        if key == keys.lease(ACTIVE) {
            history.begin_until(Trouble::Lease, now, now + 600_000);
        }
        if key == keys.backend_epoch() {
            // That it is gone again is another change.
            history.cause(now + 600_000);
        }
    }

    /// Keys that never expire: a lease or a guard that was left by hand, a listing that nobody of us wrote.
    fn endless(&mut self) {
        let (keys, now) = (&self.world.keys, self.now());
        match self.sim.below(3) {
            0 => {
                self.world.redis.set(&keys.lease(ACTIVE), "by hand", None);
                self.history.borrow_mut().leases_were_lost = true;
            }
            1 => {
                self.world.redis.set(&keys.sync_marker(), "1", None);
                // Whoever claims next gives it the time that the backend's own has.
                self.history.borrow_mut().begin(Trouble::Sync, now);
            }
            _ => {
                let selection = self.some_selection();
                let listing = catalog::listing(0, MODELS, selection);
                self.world.redis.set(&keys.listing(&selection.into()), &listing, None);
            }
        }
        self.history.borrow_mut().cause(now);
    }

    fn evict(&mut self) {
        let evicted = self.world.redis.evict();
        let Some(key) = evicted else { return };
        let keys = &self.world.keys;
        if key == keys.control() {
            return self.forget_control();
        }
        let mut history = self.history.borrow_mut();
        history.leases_were_lost |= key.contains(":lease:");
        history.versions_were_lost |= key.contains(":version:");
        history.cause(self.now());
    }
}
