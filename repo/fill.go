package repo

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

// Project turns a feature into an embedding. It may be called from one goroutine at a time.
type Project func(feature []float32) ([]float32, error)

// Fill copies the projected features of all products of the catalog into the table of a generation, and returns how
// many rows it wrote. progress is called now and then with the rows so far; it may be nil.
func (b *Build) Fill(ctx context.Context, g Generation, project Project, progress func(rows int64)) (int64, error) {
	c := b.catalog
	// The keys come in binary and go in binary as they are, whatever their type.
	source, err := b.db.pool.Query(ctx, fmt.Sprintf(`SELECT pp.key::%s, pp.position, f.feature
		FROM lookalike.product_photo pp JOIN lookalike.feature f ON f.sha256 = pp.sha256 AND f.model_id = $2
		WHERE pp.catalog_id = $1`, c.KeyType), pgx.QueryResultFormats{pgx.BinaryFormatCode}, c.ID, g.ModelID)
	if err != nil {
		return 0, fmt.Errorf("read features: %w", err)
	}
	defer source.Close()
	conn, err := b.db.pool.Acquire(ctx)
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	defer conn.Release()

	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := writeCopy(writer, source, project, progress)
		writer.CloseWithError(err)
		done <- err
	}()
	tag, err := conn.Conn().PgConn().CopyFrom(ctx, reader, fmt.Sprintf(`COPY %s (%s, position, embedding) FROM STDIN (FORMAT binary)`,
		pgx.Identifier{schema, g.Table}.Sanitize(), quote(c.KeyColumn)))
	reader.CloseWithError(errors.Join(err, io.ErrClosedPipe))
	if writeErr := <-done; writeErr != nil && !errors.Is(writeErr, io.ErrClosedPipe) {
		err = writeErr
	}
	if err != nil {
		return 0, fmt.Errorf("copy embeddings: %w", err)
	}
	return tag.RowsAffected(), nil
}

// copySignature begins a binary COPY stream; flags and the length of the header extension follow, both 0.
// (PostgreSQL manual, COPY, Binary Format.)
const copySignature = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// progressEvery is after how many rows progress is reported.
const progressEvery = 500

// writeCopy writes the binary COPY stream of a generation's rows: key and position as they came, and the embedding.
func writeCopy(w io.Writer, source pgx.Rows, project Project, progress func(int64)) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.WriteString(copySignature); err != nil {
		return err
	}
	var tuple []byte
	var rows int64
	for ; source.Next(); rows++ {
		var feature pgvector.HalfVector
		if err := source.Scan(nil, nil, &feature); err != nil {
			return err
		}
		embedding, err := project(feature.Slice())
		if err != nil {
			return err
		}
		raw := source.RawValues()
		tuple = binary.BigEndian.AppendUint16(tuple[:0], 3)
		tuple = appendField(appendField(tuple, raw[0]), raw[1])
		tuple = appendVector(tuple, embedding)
		if _, err := out.Write(tuple); err != nil {
			return err
		}
		if progress != nil && rows%progressEvery == 0 {
			progress(rows)
		}
	}
	if err := source.Err(); err != nil {
		return err
	}
	if err := binary.Write(out, binary.BigEndian, int16(-1)); err != nil {
		return err
	}
	if progress != nil {
		progress(rows)
	}
	return out.Flush()
}

func appendField(tuple, value []byte) []byte {
	return append(binary.BigEndian.AppendUint32(tuple, uint32(len(value))), value...)
}

// appendVector appends a vector in pgvector's binary form: dimensions, a reserved 16 bits, then float32s.
func appendVector(tuple []byte, embedding []float32) []byte {
	tuple = binary.BigEndian.AppendUint32(tuple, uint32(4+4*len(embedding)))
	tuple = binary.BigEndian.AppendUint16(tuple, uint16(len(embedding)))
	tuple = binary.BigEndian.AppendUint16(tuple, 0)
	for _, x := range embedding {
		tuple = binary.BigEndian.AppendUint32(tuple, math.Float32bits(x))
	}
	return tuple
}
