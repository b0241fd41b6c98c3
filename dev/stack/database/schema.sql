-- The five tables behind GET /models/unique as the production database has them: columns, keys, constraints, row level
-- security and grants. The triggers that fill the unique tables are left out: test data brings its own rows.
create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;

create table providers (
  id serial primary key,
  name text not null unique,
  slug text not null unique,
  description text,
  base_url text,
  api_key_env_var text,
  logo_url text,
  site_url text,
  privacy_policy_url text,
  terms_of_service_url text,
  status_page_url text,
  is_active boolean default true,
  supports_streaming boolean default false,
  supports_function_calling boolean default false,
  supports_vision boolean default false,
  supports_image_generation boolean default false,
  average_response_time_ms integer,
  health_status text default 'unknown' check (health_status in ('healthy', 'degraded', 'down', 'unknown')),
  last_health_check_at timestamptz,
  metadata jsonb default '{}',
  tier text not null default 'niche' check (tier in ('core', 'aggregator', 'niche')),
  region_affinity text,
  async_streaming boolean not null default false,
  auth_type text,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

create table models (
  id serial primary key,
  provider_id integer references providers on delete cascade,
  model_name text not null,
  provider_model_id text not null,
  description text,
  context_length integer,
  modality text default 'text->text',
  supports_streaming boolean default false,
  supports_function_calling boolean default false,
  supports_vision boolean default false,
  average_response_time_ms integer,
  health_status text default 'unknown' check (health_status in ('healthy', 'degraded', 'down', 'unknown')),
  last_health_check_at timestamptz,
  success_rate numeric(5, 2),
  is_active boolean default true,
  metadata jsonb default '{}',
  content_hash text,
  last_seen_in_provider_at timestamptz,
  consecutive_missing_count integer not null default 0,
  max_output_tokens integer,
  has_json_mode boolean not null default false,
  is_reasoning boolean not null default false,
  is_free boolean not null default false,
  latency_tier smallint not null default 3,
  canonical_id text,
  capabilities jsonb not null default '{}',
  deprecated_at timestamptz,
  categories text[] not null default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (provider_id, provider_model_id)
);
create index on models (model_name);
create index on models (provider_id, is_active);

create table unique_models (
  id bigserial primary key,
  model_name text not null unique,
  model_count integer default 1,
  sample_model_id text,
  metadata jsonb default '{}',
  first_seen_at timestamptz default now(),
  last_updated_at timestamptz default now()
);
create index on unique_models (last_updated_at desc);

create table unique_models_provider (
  id bigserial primary key,
  unique_model_id bigint not null references unique_models on delete cascade,
  provider_id bigint not null references providers on delete cascade,
  model_id bigint not null references models on delete cascade,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (unique_model_id, provider_id, model_id)
);
create index on unique_models_provider (provider_id);
create index on unique_models_provider (model_id);

create table model_pricing (
  id bigserial primary key,
  model_id bigint unique references models on delete cascade,
  price_per_input_token numeric(20, 15) not null default 0,
  price_per_output_token numeric(20, 15) not null default 0,
  price_per_image_token numeric(20, 15),
  price_per_request numeric(10, 6),
  pricing_source text,
  pricing_type text check (pricing_type in ('paid', 'free', 'deprecated', 'missing')),
  last_updated timestamptz default now(),
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

create function touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end $$;
create trigger touch_providers before update on providers for each row execute function touch_updated_at();
create trigger touch_models before update on models for each row execute function touch_updated_at();

alter table providers enable row level security;
alter table models enable row level security;
alter table unique_models enable row level security;
alter table unique_models_provider enable row level security;
alter table model_pricing enable row level security;

create policy read_providers on providers for select to anon, authenticated using (true);
create policy read_models on models for select to anon, authenticated using (is_active);

grant usage on schema public to anon, authenticated, service_role;
grant select on providers, models to anon, authenticated;
revoke all on unique_models, unique_models_provider, model_pricing from anon, authenticated;
grant all on all tables in schema public to service_role;
grant all on all sequences in schema public to service_role;
