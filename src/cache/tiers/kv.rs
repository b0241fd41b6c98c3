//! Reading Workers KV.

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    call::kv,
    found::{Found, RawValue, corrupt, decode_and_keep},
};
use crate::{
    cache::isolate::Isolate,
    catalog::Resource,
    ports::{KvValue, Tier},
};

/// The version of what KV holds; any other is a miss.
pub(in crate::cache) const KV_FORMAT: u32 = 1;

/// Reads KV. The future owns what it needs, so that it can go on behind a response that did not wait for it.
pub(in crate::cache) fn read_kv(
    isolate: &Rc<Isolate>,
    resource: Resource,
) -> LocalBoxFuture<'static, Found> {
    let isolate = Rc::clone(isolate);
    async move {
        let key = isolate.keys.resource(&resource);
        match kv(&isolate, isolate.ports.kv.get(&key)).await {
            Err(error) => Found::Failed(error),
            Ok(None) => Found::Nothing,
            Ok(Some(KvValue { text, metadata })) => {
                match metadata.filter(|metadata| metadata.v == KV_FORMAT) {
                    Some(metadata) => {
                        let (at, epoch) = (metadata.at, metadata.epoch);
                        let value = RawValue { text, at, epoch, redis_expiry: None };
                        decode_and_keep(&isolate, Tier::Kv, resource, value)
                    }
                    None => corrupt(&isolate, Tier::Kv, &resource),
                }
            }
        }
    }
    .boxed_local()
}
