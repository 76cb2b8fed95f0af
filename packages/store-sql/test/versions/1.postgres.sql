create table if not exists qstash_version (version integer not null);
create sequence qstash_numbers;
create sequence qstash_starts;
create table qstash_tenants (
        id bigint primary key, name text not null unique,
        messages bigint not null default 0, bytes bigint not null default 0,
        log_entries bigint not null default 0, log_bytes bigint not null default 0,
        letters bigint not null default 0, letter_bytes bigint not null default 0,
        letter_at bigint not null default -1, letter_count bigint not null default 0,
        current_key text, next_key text
      );
create table qstash_schedules (
        id bigint primary key, tenant bigint not null, name text not null, settings text not null, body bytea,
        caller_ip text, created_at bigint not null, is_paused integer not null, last_at bigint, next_at bigint,
        error text, unique (tenant, name)
      );
create index qstash_schedules_due on qstash_schedules (next_at, id) where next_at is not null;
create table qstash_firings (message text primary key, schedule bigint not null, state text not null);
create index qstash_firings_schedule on qstash_firings (schedule);
create table qstash_queues (
        id bigint primary key, tenant bigint not null, name text not null, created_at bigint not null, updated_at bigint not null,
        parallelism integer not null, is_paused integer not null, lag bigint not null, unique (tenant, name)
      );
create table qstash_places (
        seq bigint primary key, queue bigint not null, is_admitted integer not null, open bigint not null
      );
create index qstash_places_admitted on qstash_places (queue, seq) where is_admitted = 1;
create index qstash_places_waiting on qstash_places (queue, seq) where is_admitted = 0;
create table qstash_flows (
        id bigint primary key, tenant bigint not null, name text not null, parallelism bigint, rate bigint, period bigint not null,
        is_paused integer not null, is_pinned_parallelism integer not null, is_pinned_rate integer not null,
        started bigint not null, window_start bigint, unique (tenant, name)
      );
create index qstash_flows_exhausted on qstash_flows (id) where rate is not null and started >= rate;
create table qstash_lanes (
        id bigint primary key, tenant bigint not null, origin text not null, flow bigint not null, head_at bigint, head_seq bigint,
        unique (tenant, origin, flow)
      );
create index qstash_lanes_due on qstash_lanes (head_at, head_seq) where head_at is not null;
create index qstash_lanes_flow on qstash_lanes (flow) where flow <> 0;
create table qstash_messages (
        seq bigint primary key, id text not null unique, tenant bigint not null, lane bigint not null, queue bigint, source bigint,
        due_at bigint not null, wake_at bigint, token bigint, is_canceled integer not null, retried bigint not null
      );
create index qstash_messages_tenant on qstash_messages (tenant, seq);
create index qstash_messages_queue on qstash_messages (queue, seq) where queue is not null;
create unique index qstash_messages_token on qstash_messages (token) where token is not null;
create index qstash_messages_waiting on qstash_messages (lane, wake_at, seq)
        where token is null and is_canceled = 0 and wake_at is not null;
create index qstash_messages_due on qstash_messages (wake_at)
        where token is null and is_canceled = 0 and wake_at is not null;
create index qstash_messages_ending on qstash_messages (wake_at, seq)
        where (token is not null or is_canceled = 1) and wake_at is not null;
create index qstash_messages_leased on qstash_messages (lane) where token is not null;
create table qstash_bodies (
        seq bigint primary key, id text not null unique, settings text not null, body bytea, url text not null, url_group text,
        endpoint text, schedule text, callback_of text, caller_ip text, created_at bigint not null,
        not_before bigint not null, hops bigint not null
      );
create table qstash_events (
        n bigint primary key, tenant bigint not null, at bigint not null, state text not null, message bigint not null,
        due_at bigint not null, retried bigint not null, response text, body bytea, error text, next_at bigint,
        bytes bigint not null
      );
create index qstash_events_tenant on qstash_events (tenant, n);
create index qstash_events_message on qstash_events (message, n);
create table qstash_letters (
        n bigint primary key, id text not null, tenant bigint not null, failed_at bigint not null, message bigint not null,
        due_at bigint not null, retried bigint not null, response text, body bytea, bytes bigint not null,
        unique (tenant, id)
      );
create index qstash_letters_tenant on qstash_letters (tenant, n);
create index qstash_letters_message on qstash_letters (message);
create table qstash_groups (
        id bigint primary key, tenant bigint not null, name text not null, created_at bigint not null, updated_at bigint not null,
        endpoints text not null, unique (tenant, name)
      );
create table qstash_deduplications (
        tenant bigint not null, name text not null, until bigint not null, messages text not null,
        primary key (tenant, name)
      );
create index qstash_deduplications_until on qstash_deduplications (tenant, until);
delete from qstash_bodies;
insert into qstash_bodies (seq, id, settings, body, url, url_group, endpoint, schedule, callback_of, caller_ip, created_at, not_before, hops) values ('4', 'm0', '{"destination":"https://api.example.com/jobs"}', '\x64656c697665726564', 'https://api.example.com/jobs', null, null, null, null, null, '1735689600000', '1735689600000', '0');
insert into qstash_bodies (seq, id, settings, body, url, url_group, endpoint, schedule, callback_of, caller_ip, created_at, not_before, hops) values ('5', 'm1', '{"destination":"https://api.example.com/jobs"}', '\x6661696c6564', 'https://api.example.com/jobs', null, null, null, null, null, '1735689600000', '1735689600000', '0');
insert into qstash_bodies (seq, id, settings, body, url, url_group, endpoint, schedule, callback_of, caller_ip, created_at, not_before, hops) values ('6', 'm2', '{"destination":"https://api.example.com/jobs"}', '\x72657472696564', 'https://api.example.com/jobs', null, null, null, null, null, '1735689600000', '1735689600000', '0');
insert into qstash_bodies (seq, id, settings, body, url, url_group, endpoint, schedule, callback_of, caller_ip, created_at, not_before, hops) values ('7', 'm3', '{"queueName":"mail","destination":"https://api.example.com/jobs"}', '\x626f6479', 'https://api.example.com/jobs', null, null, null, null, null, '1735689600000', '1735689600000', '0');
insert into qstash_bodies (seq, id, settings, body, url, url_group, endpoint, schedule, callback_of, caller_ip, created_at, not_before, hops) values ('8', 'm4', '{"queueName":"mail","destination":"https://api.example.com/jobs"}', '\x626f6479', 'https://api.example.com/jobs', null, null, null, null, null, '1735689600000', '1735689600000', '0');
insert into qstash_bodies (seq, id, settings, body, url, url_group, endpoint, schedule, callback_of, caller_ip, created_at, not_before, hops) values ('9', 'm5', '{"flowControl":{"key":"api","parallelism":1,"rate":5},"destination":"https://api.example.com/jobs"}', '\x626f6479', 'https://api.example.com/jobs', null, null, null, null, null, '1735689600000', '1735689600000', '0');
insert into qstash_bodies (seq, id, settings, body, url, url_group, endpoint, schedule, callback_of, caller_ip, created_at, not_before, hops) values ('10', 'm6', '{"flowControl":{"key":"api","parallelism":1,"rate":5},"destination":"https://api.example.com/jobs"}', '\x626f6479', 'https://api.example.com/jobs', null, null, null, null, null, '1735689600000', '1735689600000', '0');
insert into qstash_bodies (seq, id, settings, body, url, url_group, endpoint, schedule, callback_of, caller_ip, created_at, not_before, hops) values ('22', 'm7', '{"destination":{"urlGroup":"workers"},"cron":"* * * * *"}', '\x69742773', 'https://one.example.com/', 'workers', null, 'job', null, '::1', '1735689660000', '1735689660000', '0');
delete from qstash_deduplications;
insert into qstash_deduplications (tenant, name, until, messages) values ('1', 'once', '1735690200000', '[["m3","https://api.example.com/jobs"]]');
delete from qstash_events;
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('11', '1', '1735689600000', 'CREATED', '4', '1735689600000', '0', null, null, null, null, '537');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('12', '1', '1735689600000', 'CREATED', '5', '1735689600000', '0', null, null, null, null, '534');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('13', '1', '1735689600000', 'CREATED', '6', '1735689600000', '0', null, null, null, null, '535');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('14', '1', '1735689600000', 'CREATED', '7', '1735689600000', '0', null, null, null, null, '532');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('15', '1', '1735689600000', 'CREATED', '8', '1735689600000', '0', null, null, null, null, '532');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('16', '1', '1735689600000', 'CREATED', '9', '1735689600000', '0', null, null, null, null, '532');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('17', '1', '1735689600000', 'CREATED', '10', '1735689600000', '0', null, null, null, null, '532');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('23', '1', '1735689660000', 'CREATED', '22', '1735689660000', '0', null, null, null, null, '528');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('25', '1', '1735689600000', 'ACTIVE', '4', '1735689600000', '0', null, null, null, null, '537');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('26', '1', '1735689600000', 'ACTIVE', '5', '1735689600000', '0', null, null, null, null, '534');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('27', '1', '1735689600000', 'ACTIVE', '6', '1735689600000', '0', null, null, null, null, '535');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('28', '1', '1735689600000', 'ACTIVE', '7', '1735689600000', '0', null, null, null, null, '532');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('29', '1', '1735689600000', 'ACTIVE', '9', '1735689600000', '0', null, null, null, null, '532');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('30', '1', '1735689600000', 'DELIVERED', '4', '1735689600000', '0', '{"status":200,"headers":[["content-type","text/plain"]]}', '\x00000000', null, null, '563');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('31', '1', '1735689600000', 'ERROR', '5', '1735689600000', '0', '{"status":200,"headers":[["content-type","text/plain"]]}', '\x00000000', '500', null, '560');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('32', '1', '1735689600000', 'FAILED', '5', '1735689600000', '0', '{"status":200,"headers":[["content-type","text/plain"]]}', '\x00000000', '500', null, '560');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('33', '1', '1735689600000', 'ERROR', '6', '1735689600000', '0', null, null, 'connection refused', '1735689660000', '535');
insert into qstash_events (n, tenant, at, state, message, due_at, retried, response, body, error, next_at, bytes) values ('34', '1', '1735689600000', 'RETRY', '6', '1735689600000', '0', null, null, null, '1735689660000', '535');
delete from qstash_firings;
insert into qstash_firings (message, schedule, state) values ('m7', '3', 'IN_PROGRESS');
delete from qstash_flows;
insert into qstash_flows (id, tenant, name, parallelism, rate, period, is_paused, is_pinned_parallelism, is_pinned_rate, started, window_start) values ('18', '1', 'api', '1', '5', '1000', 0, 0, 0, '1', '1735689600000');
delete from qstash_groups;
insert into qstash_groups (id, tenant, name, created_at, updated_at, endpoints) values ('2', '1', 'workers', '1735689600000', '1735689600000', '[{"url":"https://one.example.com/"}]');
delete from qstash_lanes;
insert into qstash_lanes (id, tenant, origin, flow, head_at, head_seq) values ('20', '1', 'https://api.example.com', '0', '1735689660000', '6');
insert into qstash_lanes (id, tenant, origin, flow, head_at, head_seq) values ('21', '1', 'https://api.example.com', '18', '1735689600000', '10');
insert into qstash_lanes (id, tenant, origin, flow, head_at, head_seq) values ('24', '1', 'https://one.example.com', '0', '1735689660000', '22');
delete from qstash_letters;
insert into qstash_letters (n, id, tenant, failed_at, message, due_at, retried, response, body, bytes) values ('35', '1735689600000-0', '1', '1735689600000', '5', '1735689600000', '0', '{"status":200,"headers":[["content-type","text/plain"]]}', '\x00000000', '560');
delete from qstash_messages;
insert into qstash_messages (seq, id, tenant, lane, queue, source, due_at, wake_at, token, is_canceled, retried) values ('6', 'm2', '1', '20', null, null, '1735689660000', '1735689660000', null, 0, '1');
insert into qstash_messages (seq, id, tenant, lane, queue, source, due_at, wake_at, token, is_canceled, retried) values ('7', 'm3', '1', '20', '19', null, '1735689600000', '1735689660000', '8589934596', 0, '0');
insert into qstash_messages (seq, id, tenant, lane, queue, source, due_at, wake_at, token, is_canceled, retried) values ('8', 'm4', '1', '20', '19', null, '1735689600000', null, null, 0, '0');
insert into qstash_messages (seq, id, tenant, lane, queue, source, due_at, wake_at, token, is_canceled, retried) values ('9', 'm5', '1', '21', null, null, '1735689600000', '1735689660000', '8589934597', 0, '0');
insert into qstash_messages (seq, id, tenant, lane, queue, source, due_at, wake_at, token, is_canceled, retried) values ('10', 'm6', '1', '21', null, null, '1735689600000', '1735689600000', null, 0, '0');
insert into qstash_messages (seq, id, tenant, lane, queue, source, due_at, wake_at, token, is_canceled, retried) values ('22', 'm7', '1', '24', null, null, '1735689660000', '1735689660000', null, 0, '0');
delete from qstash_places;
insert into qstash_places (seq, queue, is_admitted, open) values ('7', '19', 1, '1');
insert into qstash_places (seq, queue, is_admitted, open) values ('8', '19', 0, '1');
delete from qstash_queues;
insert into qstash_queues (id, tenant, name, created_at, updated_at, parallelism, is_paused, lag) values ('19', '1', 'mail', '1735689600000', '1735689600000', 1, 0, '2');
delete from qstash_schedules;
insert into qstash_schedules (id, tenant, name, settings, body, caller_ip, created_at, is_paused, last_at, next_at, error) values ('3', '1', 'job', '{"cron":"* * * * *","destination":{"urlGroup":"workers"}}', '\x69742773', '::1', '1735689600000', 0, '1735689660000', '1735689720000', null);
delete from qstash_tenants;
insert into qstash_tenants (id, name, messages, bytes, log_entries, log_bytes, letters, letter_bytes, letter_at, letter_count, current_key, next_key) values ('1', 'acme', '6', '27', '18', '9685', '1', '560', '1735689600000', '0', 'sig_2', 'sig_3');
delete from qstash_version;
insert into qstash_version (version) values (1);
select setval('qstash_numbers', 1000);
select setval('qstash_starts', 1);
