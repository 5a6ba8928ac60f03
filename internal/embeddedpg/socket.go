package embeddedpg

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// socketName is the socket of the default port in a directory.
const socketName = ".s.PGSQL.5432"

// maxSocketPath is how long the path of a socket may be: sun_path has 104 bytes on macOS and 108 on Linux, one of them
// for the end.
const maxSocketPath = 103

// socketDir is below dir, unless that makes the path of the socket too long: then it is a directory of its own among the
// temporary ones, the same for every process.
func socketDir(dir string) string {
	socket := filepath.Join(dir, "socket")
	if len(filepath.Join(socket, socketName)) <= maxSocketPath {
		return socket
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join("/tmp", fmt.Sprintf("lookalike-%d-%s", os.Geteuid(), hex.EncodeToString(sum[:6])))
}

// answers tells whether a server listens on the socket.
func (s *Server) answers() bool {
	conn, err := net.DialTimeout("unix", filepath.Join(s.socket, socketName), time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
