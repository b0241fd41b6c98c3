-- Tells the Worker at the edge that what its listings are made of changed: triggers of statements, not of rows, so that a synchronization of
-- 13,000 rows is a call for each statement; signed, since Supabase's own webhooks are not (docs/operations.md, "Webhooks").
--
-- Run it in the SQL editor, then say where the Worker is and what its WEBHOOK_SECRET is:
--
--   insert into edge.webhook (url, secret) values ('https://…/api/webhooks/supabase', '…')
--     on conflict (is_one) do update set url = excluded.url, secret = excluded.secret;
--
-- To stop: delete from edge.webhook; to take it all away: drop schema edge cascade.

create schema if not exists extensions;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists pg_net;

create schema if not exists edge;
revoke all on schema edge from public;

create table if not exists edge.webhook (
  is_one boolean primary key default true check (is_one),
  url text not null check (url ~ '^https?://'),
  secret text not null check (length(secret) >= 16)
);
revoke all on edge.webhook from public;

-- Runs as its owner, since who changes a model need not be able to read the secret. The call is sent once the transaction is committed.
create or replace function edge.tell() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  target edge.webhook;
  -- The id makes each call another one: a signature counts once.
  payload jsonb := jsonb_build_object(
    'type', tg_op, 'table', tg_table_name, 'schema', tg_table_schema,
    'record', null, 'old_record', null, 'id', gen_random_uuid()
  );
  stamp text := floor(extract(epoch from clock_timestamp()))::bigint::text;
begin
  select * into target from edge.webhook;
  if found then
    perform net.http_post(
      url := target.url,
      body := payload,
      headers := jsonb_build_object(
        'Content-Type', 'application/json',
        'X-Webhook-Timestamp', stamp,
        'X-Webhook-Signature',
        'sha256=' || encode(extensions.hmac(stamp || '.' || payload::text, target.secret, 'sha256'), 'hex')
      ),
      timeout_milliseconds := 5000
    );
  end if;
  return null;
exception when others then
  -- What cannot be told must not keep anybody from writing: cron finds it.
  raise warning 'edge.tell: %', sqlerrm;
  return null;
end
$$;
revoke all on function edge.tell() from public;

-- Columns that are shown, and not those that every health check writes.
create or replace trigger edge_tell
  after insert or delete or truncate
    or update of provider_id, model_name, context_length, modality, health_status, average_response_time_ms, supports_streaming,
      supports_function_calling, supports_vision, description, metadata, is_active
  on public.models for each statement execute function edge.tell();

create or replace trigger edge_tell
  after insert or delete or truncate or update of slug, name, is_active
  on public.providers for each statement execute function edge.tell();

create or replace trigger edge_tell
  after insert or delete or truncate or update of model_name, sample_model_id
  on public.unique_models for each statement execute function edge.tell();

create or replace trigger edge_tell
  after insert or delete or truncate or update
  on public.unique_models_provider for each statement execute function edge.tell();
