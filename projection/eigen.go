package projection

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

const (
	// denseDims is up to where a full decomposition is as fast as the iteration (0.1 s). It grows with more than the
	// cube: 13 s at 1280 dims, 125 s at 2048.
	denseDims = 256
	// minExtra is the least number of vectors iterated beyond those that are asked for, which speeds convergence.
	minExtra = 24
	// residualTolerance is how far, relative to its eigenvalue, matrix times vector may be from eigenvalue times vector.
	// It is what float32 leaves of the covariance, and no gap between eigenvalues is needed to reach it.
	residualTolerance = 1e-6
	// maxRounds bounds the rounds of the iteration; features need about 10.
	maxRounds = 200
	// maxDegree and maxGrowth bound the polynomial of a round: vectors that it stretches further apart than maxGrowth
	// would begin to drown in the rounding of the longest.
	maxDegree = 50
	maxGrowth = 1e10
)

// leading returns the k largest eigenvalues of a symmetric positive semidefinite matrix, falling, and their eigenvectors
// as rows. The result is the same on every run.
func leading(ctx context.Context, matrix []float64, dims, k int) ([]float64, [][]float64, error) {
	vectors := k + max(minExtra, k*3/8)
	if dims <= denseDims || 2*vectors >= dims {
		return dense(ctx, matrix, dims, k)
	}
	s := newSubspace(matrix, dims, vectors)
	for range maxRounds {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if err := s.rotate(); err != nil {
			return nil, nil, err
		}
		if s.converged(k) {
			return s.values[:k], rowsOf(s.x, k), nil
		}
		if err := s.filter(ctx); err != nil {
			return nil, nil, err
		}
	}
	return dense(ctx, matrix, dims, k)
}

// dense decomposes the whole matrix.
func dense(ctx context.Context, matrix []float64, dims, k int) ([]float64, [][]float64, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	values, vectors, err := decompose(blas64.General{Rows: dims, Cols: dims, Stride: dims, Data: matrix})
	if err != nil {
		return nil, nil, err
	}
	return values[:k], rowsOf(vectors, k), nil
}

// decompose returns all eigenvalues of a symmetric matrix, falling, and the eigenvectors as rows.
func decompose(m blas64.General) ([]float64, blas64.General, error) {
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(m.Rows, m.Data), true) {
		return nil, blas64.General{}, errors.New("eigenvalues did not converge")
	}
	var columns mat.Dense
	eigen.VectorsTo(&columns)
	rising := eigen.Values(nil)
	values, rows := make([]float64, m.Rows), general(m.Rows, m.Rows)
	for i := range values {
		from := m.Rows - 1 - i
		values[i] = rising[from]
		mat.Col(rows.Data[i*m.Rows:(i+1)*m.Rows], from, &columns)
	}
	return values, rows, nil
}

// subspace is a block of orthonormal vectors that is turned towards the leading eigenvectors, round by round: a
// polynomial of the matrix that is large on the wanted eigenvalues and small on the others (Zhou, Saad, Tiago and
// Chelikowsky, "Self-consistent-field calculations using Chebyshev-filtered subspace iteration", 2006), then the best
// eigenvectors within the block (Rayleigh-Ritz).
type subspace struct {
	matrix    blas64.General
	x, mx, sp blas64.General // the vectors as rows, the vectors times the matrix, and room for as many
	values    []float64      // approximate eigenvalues, falling
}

func newSubspace(matrix []float64, dims, vectors int) *subspace {
	s := &subspace{
		matrix: blas64.General{Rows: dims, Cols: dims, Stride: dims, Data: matrix},
		x:      general(vectors, dims), mx: general(vectors, dims), sp: general(vectors, dims),
	}
	random := rand.New(rand.NewPCG(1, 2)) // any fixed start: the result is to be the same on every run
	for i := range s.x.Data {
		s.x.Data[i] = random.NormFloat64()
	}
	return s
}

// rotate makes the vectors orthonormal and turns them into the best approximate eigenvectors in their span.
func (s *subspace) rotate() error {
	orthonormalise(s.x)
	s.multiply(s.mx, s.x)
	inner := general(s.x.Rows, s.x.Rows)
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, s.mx, s.x, 0, inner)
	values, turn, err := decompose(inner)
	if err != nil {
		return err
	}
	s.values = values
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, turn, s.x, 0, s.sp)
	s.x, s.sp = s.sp, s.x
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, turn, s.mx, 0, s.sp)
	s.mx, s.sp = s.sp, s.mx
	return nil
}

// converged looks at the residuals of the first k vectors, the last of which converges last.
func (s *subspace) converged(k int) bool {
	for i := k - 1; i >= 0; i-- {
		var square float64
		x, mx := s.x.Data[i*s.x.Stride:(i+1)*s.x.Stride], s.mx.Data[i*s.x.Stride:(i+1)*s.x.Stride]
		for j, v := range x {
			r := mx[j] - s.values[i]*v
			square += r * r
		}
		tolerance := residualTolerance * s.values[i]
		if s.values[i] <= rankTolerance*s.values[0] {
			tolerance = rankTolerance * s.values[0] / 10 // enough to know that it is not kept
		}
		if math.Sqrt(square) > tolerance {
			return false
		}
	}
	return true
}

// filter applies the Chebyshev polynomial that is small between 0 and the smallest approximate eigenvalue, scaled to 1 at
// the largest. It begins with the product that rotate has left.
func (s *subspace) filter(ctx context.Context) error {
	largest, bound := s.values[0], s.values[len(s.values)-1]
	degree := filterDegree(largest, bound)
	if degree < 2 {
		s.x, s.mx = s.mx, s.x
		return nil
	}
	half := bound / 2
	first := half / (largest - half)
	combine(s.mx, first/half, s.x, -first) // (matrix - half) x * first / half
	previous, current, ratio := s.x, s.mx, first
	for range degree - 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := 1 / (2/first - ratio)
		s.multiply(s.sp, current)
		combine(s.sp, 2*next/half, current, -2*next)
		combine(s.sp, 1, previous, -ratio*next)
		previous, current, s.sp = current, s.sp, previous
		ratio = next
	}
	s.x, s.mx = current, previous
	return nil
}

// filterDegree is the highest degree at which the Chebyshev polynomial stays below maxGrowth on the largest eigenvalue.
func filterDegree(largest, bound float64) int {
	if bound <= rankTolerance*largest {
		return 1
	}
	growth := math.Acosh(max(2*largest/bound-1, 1)) // T_n(cosh g) = cosh(n g)
	return int(min(math.Acosh(maxGrowth)/growth, maxDegree))
}

func (s *subspace) multiply(dst, x blas64.General) {
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, x, s.matrix, 0, dst)
}

// combine sets y to a y + b x.
func combine(y blas64.General, a float64, x blas64.General, b float64) {
	for i, v := range x.Data {
		y.Data[i] = a*y.Data[i] + b*v
	}
}

// orthonormalise replaces the rows of x by orthonormal ones with the same span, in place. Householder reflections keep
// them orthonormal even where rows have become dependent.
func orthonormalise(x blas64.General) {
	tau, work := make([]float64, x.Rows), make([]float64, 1)
	lapack64.Gelqf(x, tau, work, -1)
	work = make([]float64, int(work[0]))
	lapack64.Gelqf(x, tau, work, len(work))
	lapack64.Orglq(x, tau, work[:1], -1)
	work = make([]float64, max(int(work[0]), 1))
	lapack64.Orglq(x, tau, work, len(work))
}

func general(rows, cols int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: make([]float64, rows*cols)}
}

func rowsOf(m blas64.General, k int) [][]float64 {
	rows := make([][]float64, k)
	for i := range rows {
		rows[i] = m.Data[i*m.Stride : (i+1)*m.Stride]
	}
	return rows
}
