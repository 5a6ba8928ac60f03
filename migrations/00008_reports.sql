-- Views that say how things stand: what failed and why, how far a catalog has come, what its projection explains.

-- +goose Up
CREATE VIEW lookalike.failures AS
SELECT c.name AS catalog, t.key, t.stage, t.error, t.attempts, t.tried_at
FROM lookalike.task t
JOIN lookalike.catalog c USING (catalog_id)
WHERE t.state = 'failed';
COMMENT ON VIEW lookalike.failures IS 'Products whose photo could not be embedded, and why.';

CREATE VIEW lookalike.status AS
SELECT
	c.name AS catalog,
	c.relation::text AS product_table,
	(SELECT count(DISTINCT pp.key) FROM lookalike.product_photo pp WHERE pp.catalog_id = c.catalog_id) AS embedded,
	(SELECT count(*) FROM lookalike.task t WHERE t.catalog_id = c.catalog_id AND t.state = 'pending') AS pending,
	(SELECT count(*) FROM lookalike.task t WHERE t.catalog_id = c.catalog_id AND t.state = 'failed') AS failed,
	(SELECT min(t.enqueued_at) FROM lookalike.task t WHERE t.catalog_id = c.catalog_id AND t.state = 'pending') AS oldest_pending,
	g.number AS live_generation,
	m.name AS model,
	p.factors,
	g.live_at
FROM lookalike.catalog c
LEFT JOIN lookalike.generation g ON g.catalog_id = c.catalog_id AND g.state = 'live'
LEFT JOIN lookalike.model m USING (model_id)
LEFT JOIN lookalike.projection p USING (projection_id);
COMMENT ON VIEW lookalike.status IS 'How far each catalog has come.';

CREATE VIEW lookalike.explained_variance AS
SELECT
	c.name AS catalog,
	f.factor,
	f.explained_variance,
	f.explained_variance_ratio,
	sum(f.explained_variance_ratio) OVER (PARTITION BY c.catalog_id ORDER BY f.factor) AS cumulative_ratio
FROM lookalike.catalog c
JOIN lookalike.generation g ON g.catalog_id = c.catalog_id AND g.state = 'live'
JOIN lookalike.projection_factor f USING (projection_id);
COMMENT ON VIEW lookalike.explained_variance IS 'How much of the variance of the features each factor of the live projection explains.';

-- +goose Down
DROP VIEW lookalike.explained_variance;
DROP VIEW lookalike.status;
DROP VIEW lookalike.failures;
