-- name: ClaimTasks :many
-- Leases tasks that are due, the longest due first. attempts counts this claim too.
WITH due AS (
	SELECT t.key FROM lookalike.task t
	WHERE t.catalog_id = @catalog_id AND t.state = 'pending' AND t.due_at <= now()
		AND t.attempts BETWEEN sqlc.arg(min_attempts)::smallint AND sqlc.arg(max_attempts)::smallint
	ORDER BY t.due_at
	LIMIT sqlc.arg(batch)::integer
	FOR UPDATE SKIP LOCKED
)
UPDATE lookalike.task t
SET lease = @lease, due_at = now() + sqlc.arg(lease_for)::interval, attempts = t.attempts + 1, tried_at = now()
FROM due
WHERE t.catalog_id = @catalog_id AND t.key = due.key
RETURNING t.key;

-- name: QuarantineTasks :execrows
-- Fails the tasks whose worker did not survive them for the last time.
UPDATE lookalike.task
SET state = 'failed', lease = NULL, stage = 'worker', error = sqlc.arg(error)::text
WHERE catalog_id = @catalog_id AND state = 'pending' AND due_at <= now() AND attempts > sqlc.arg(max_attempts)::smallint;

-- name: HoldTasks :many
-- Locks the tasks that are still held under this lease until the transaction ends. A task that somebody has locked is left
-- out: waiting for an application that changes several products could end in a deadlock, at its cost.
SELECT key FROM lookalike.task
WHERE catalog_id = @catalog_id AND lease = @lease AND key = ANY (sqlc.arg(keys)::text[])
ORDER BY key
FOR UPDATE SKIP LOCKED;

-- name: EndTasks :exec
DELETE FROM lookalike.task WHERE catalog_id = @catalog_id AND key = ANY (sqlc.arg(keys)::text[]);

-- name: FailTasks :execrows
UPDATE lookalike.task t
SET state = 'failed', lease = NULL, stage = f.stage, error = f.error
FROM (
	SELECT unnest(sqlc.arg(keys)::text[]) AS key, unnest(sqlc.arg(stages)::text[]) AS stage, unnest(sqlc.arg(errors)::text[]) AS error
) AS f
WHERE t.catalog_id = @catalog_id AND t.lease = @lease AND t.key = f.key;

-- name: ListHeldTasks :many
-- Those of some tasks that are under this lease, whether somebody has them locked or not.
SELECT key FROM lookalike.task WHERE catalog_id = @catalog_id AND lease = @lease AND key = ANY (sqlc.arg(keys)::text[]);

-- name: ExtendLease :exec
UPDATE lookalike.task SET due_at = now() + sqlc.arg(lease_for)::interval
WHERE catalog_id = @catalog_id AND lease = @lease AND key = ANY (sqlc.arg(keys)::text[]);

-- name: ReleaseTasks :exec
-- Gives claimed tasks back, as if they had not been claimed.
UPDATE lookalike.task SET lease = NULL, due_at = now(), attempts = greatest(attempts - 1, 0)
WHERE catalog_id = @catalog_id AND lease = @lease AND key = ANY (sqlc.arg(keys)::text[]);

-- name: CountTasks :one
-- Tasks by state, and in how many seconds the next one is due; 0 when one is, or none is pending.
SELECT
	count(*) FILTER (WHERE state = 'pending') AS pending,
	count(*) FILTER (WHERE state = 'failed') AS failed,
	coalesce(greatest(extract(epoch FROM min(due_at) FILTER (WHERE state = 'pending') - now()), 0), 0)::double precision AS next_due_seconds
FROM lookalike.task WHERE catalog_id = @catalog_id;

-- name: RetryTasks :execrows
-- Makes failed tasks pending again: all of a catalog, or those of some keys.
UPDATE lookalike.task
SET state = 'pending', due_at = now(), lease = NULL, attempts = 0, stage = NULL, error = NULL
WHERE catalog_id = @catalog_id AND state = 'failed' AND (sqlc.narg(keys)::text[] IS NULL OR key = ANY (sqlc.narg(keys)::text[]));

-- name: EnqueueWithoutFeature :exec
-- Tasks for the products whose photos a model has not seen yet.
SELECT lookalike.enqueue(sqlc.arg(catalog_id)::integer, ARRAY(
	SELECT DISTINCT pp.key FROM lookalike.product_photo pp
	WHERE pp.catalog_id = sqlc.arg(catalog_id)::integer
		AND NOT EXISTS (SELECT FROM lookalike.feature f WHERE f.model_id = sqlc.arg(model_id)::integer AND f.sha256 = pp.sha256)
));
