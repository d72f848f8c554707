#pragma once

// A client that sends exactly the bytes it is told to, over a loopback socket, plain or TLS.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace securebase::server {

class RawClient {
 public:
  /// Connects to 127.0.0.1; the test stops (exception) when that fails.
  explicit RawClient(std::uint16_t port);
  struct Tls {
    int version_min = 0;  // as OpenSSL numbers them; 0: any
    int version_max = 0;
    std::string alpn;  // one protocol to offer, or empty
  };
  /// With TLS, certificates unchecked. `connected()` says whether the handshake succeeded.
  RawClient(std::uint16_t port, const Tls& tls);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const;
  /// The protocol that ALPN chose.
  std::string alpn() const;

  /// False when the peer has closed.
  bool Send(std::string_view bytes);
  /// Says that nothing more comes.
  void FinishSending();
  /// One response, with its body by Content-Length (none where `head`); empty at the end.
  std::string ReadResponse(bool head = false);
  /// Reads until the text so far ends with `end`.
  std::string ReadUntil(std::string_view end);
  /// Everything until the peer closes.
  std::string ReadAll();

  /// Status of a response's text; 0 where there is none.
  static int Status(std::string_view response);
  /// Its body.
  static std::string Body(std::string_view response);

 private:
  bool Fill();

  struct TlsState;
  int socket_ = -1;
  std::unique_ptr<TlsState> tls_;
  std::string read_;
};

/// Writes a self-signed certificate and its key (PEM) to two files.
void WriteTestCertificate(const std::string& certificate_path, const std::string& key_path);

}  // namespace securebase::server
