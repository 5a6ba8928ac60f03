package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"lookalike/ingest"
)

func Example() {
	dir, err := os.MkdirTemp("", "products")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "products.csv")
	if err := os.WriteFile(path, []byte("sku,price,image\n00017,12.50,red.jpg\n00018,8,blue.jpg\n00017,9,red.jpg\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	source, err := ingest.Open(ctx, path, ingest.Options{Key: "sku"})
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	fmt.Println(source.Total, source.Columns)
	for row, err := range source.Rows(ctx) {
		var fault *ingest.RowError
		switch {
		case errors.As(err, &fault):
			fmt.Println(fault) // and on to the next row
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(row.Number, row.Values)
		}
	}
	// Output:
	// 3 [{sku text} {price double precision} {image text}]
	// 2 [00017 12.5 red.jpg]
	// 3 [00018 8 blue.jpg]
	// line 4: duplicate key: "00017" is already on line 2
}

func ExampleFetcher() {
	dir, err := os.MkdirTemp("", "photos")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "red.jpg"), []byte("the bytes of a photo"), 0o600); err != nil {
		log.Fatal(err)
	}
	fetcher, err := ingest.NewFetcher([]string{dir}, ingest.DefaultMaxBytes)
	if err != nil {
		log.Fatal(err)
	}
	defer fetcher.Close()
	for _, reference := range []string{"red.jpg", "blue.jpg", "../../etc/passwd", "https://shop.example/red.jpg"} {
		photo, err := fetcher.Fetch(context.Background(), reference)
		switch {
		case errors.Is(err, ingest.ErrNotFound):
			fmt.Println("missing:", reference)
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Printf("%s\n", photo)
		}
	}
	// Output:
	// the bytes of a photo
	// missing: blue.jpg
	// fetch "../../etc/passwd": photo outside the declared folders
	// fetch "https://shop.example/red.jpg": unusable photo reference: https addresses are not fetched; download the photos and refer to the files, or store their bytes
}
