#include "server/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "base/text.h"

namespace securebase::server {

struct RawClient::TlsState {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  bool connected = false;
  ~TlsState() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

RawClient::RawClient(std::uint16_t port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};  // a hanging server fails the test
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to the server under test");
  }
}

RawClient::RawClient(std::uint16_t port, const Tls& tls) : RawClient(port) {
  tls_ = std::make_unique<TlsState>();
  if (tls.version_min != 0) SSL_CTX_set_min_proto_version(tls_->context, tls.version_min);
  if (tls.version_max != 0) SSL_CTX_set_max_proto_version(tls_->context, tls.version_max);
  SSL_CTX_set_security_level(tls_->context, 0);
  tls_->ssl = SSL_new(tls_->context);
  if (!tls.alpn.empty()) {
    const std::string offer = static_cast<char>(tls.alpn.size()) + tls.alpn;
    SSL_set_alpn_protos(tls_->ssl, reinterpret_cast<const unsigned char*>(offer.data()),
                        static_cast<unsigned>(offer.size()));
  }
  SSL_set_fd(tls_->ssl, socket_);
  tls_->connected = SSL_connect(tls_->ssl) == 1;
}

RawClient::~RawClient() {
  tls_.reset();
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::connected() const { return tls_ == nullptr || tls_->connected; }

std::string RawClient::alpn() const {
  const unsigned char* text = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls_->ssl, &text, &size);
  return {reinterpret_cast<const char*>(text), size};
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = tls_ != nullptr
                             ? SSL_write(tls_->ssl, bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::FinishSending() { ::shutdown(socket_, SHUT_WR); }

bool RawClient::Fill() {
  char buffer[16384];
  const ssize_t count = tls_ != nullptr ? SSL_read(tls_->ssl, buffer, sizeof buffer)
                                        : ::recv(socket_, buffer, sizeof buffer, 0);
  if (count <= 0) return false;
  read_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

std::string RawClient::ReadUntil(std::string_view end) {
  std::size_t at = 0;
  while ((at = read_.find(end)) == std::string::npos) {
    if (!Fill()) return std::exchange(read_, {});
  }
  const std::size_t size = at + end.size();
  std::string text = read_.substr(0, size);
  read_.erase(0, size);
  return text;
}

std::string RawClient::ReadResponse(bool head) {
  std::string response = ReadUntil("\r\n\r\n");
  std::size_t body_size = 0;
  for (const std::string_view line : Split(response, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos &&
        EqualsIgnoreCase(line.substr(0, colon), "content-length")) {
      body_size = static_cast<std::size_t>(ParseInt(Trim(line.substr(colon + 1))).value_or(0));
    }
  }
  if (head) return response;
  while (read_.size() < body_size && Fill()) {
  }
  response += read_.substr(0, body_size);
  read_.erase(0, body_size);
  return response;
}

std::string RawClient::ReadAll() {
  while (Fill()) {
  }
  return std::exchange(read_, {});
}

int RawClient::Status(std::string_view response) {
  if (!response.starts_with("HTTP/1.1 ") || response.size() < 12) return 0;
  return static_cast<int>(ParseInt(response.substr(9, 3)).value_or(0));
}

std::string RawClient::Body(std::string_view response) {
  const std::size_t end = response.find("\r\n\r\n");
  return std::string(end == std::string_view::npos ? "" : response.substr(end + 4));
}

void WriteTestCertificate(const std::string& certificate_path, const std::string& key_path) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  if (FILE* file = std::fopen(certificate_path.c_str(), "w")) {
    PEM_write_X509(file, certificate);
    std::fclose(file);
  }
  if (FILE* file = std::fopen(key_path.c_str(), "w")) {
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
}

}  // namespace securebase::server
