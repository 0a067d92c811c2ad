package web

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestOnDemand asks the server for what is not in the page: the dialog and the
// packets of a session.
func TestOnDemand(t *testing.T) {
	s := serve(t, 1<<20)
	b, err := os.ReadFile("../../testdata/smtp-plain-delivery.pcap")
	if err != nil {
		t.Fatal(err)
	}
	if status, body := s.send(t, "mail.pcap", b, nil); status != http.StatusCreated {
		t.Fatal(status, body)
	}
	s.finished(t)
	at := s.base + "/captures/1/session/"
	dialog := s.get(t, at+"1/dialog.txt", http.StatusOK)
	for _, want := range []string{"Session 1", "SMTP", "S: 220 ", "C: EHLO ", "C: QUIT"} {
		if !strings.Contains(dialog, want) {
			t.Errorf("no %q in the dialog:\n%s", want, dialog)
		}
	}
	if packets := s.get(t, at+"1/session.pcap", http.StatusOK); !strings.HasPrefix(packets, "\x4d\x3c\xb2\xa1") {
		t.Errorf("packets begin with %x", packets[:min(4, len(packets))])
	}
	// It waits for its turn like any analysis.
	for range cap(s.slots) {
		s.slots <- struct{}{}
	}
	got := make(chan string)
	go func() {
		resp, err := s.client.Get(at + "1/dialog.txt")
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		got <- string(b)
	}()
	select {
	case <-got:
		t.Fatal("a dialog beside as many analyses as there may be")
	case <-time.After(100 * time.Millisecond):
	}
	<-s.slots
	if again := <-got; again != dialog {
		t.Errorf("afterwards: %s", again)
	}
	for range cap(s.slots) - 1 {
		<-s.slots
	}
	for _, n := range []string{"0", "2", "-1", "x", "99999999999999999999"} {
		s.get(t, at+n+"/dialog.txt", http.StatusNotFound)
		s.get(t, at+n+"/session.pcap", http.StatusNotFound)
	}
}
