# Two commands matter: `make run` and `make test`. Everything else is what they are made of.

BUILD_PACKAGES = ca-certificates g++ cmake ninja-build make git ccache mold pkg-config python3 nodejs npm \
  libpoco-dev libssl-dev libarchive-dev libclamav-dev libyara-dev libexpat1-dev libmagic-dev libseccomp-dev \
  libsodium-dev zlib1g-dev libtomlplusplus-dev nlohmann-json3-dev libsqlite3-dev libzip-dev \
  libunbound-dev libevent-dev libhiredis-dev libcurl4-openssl-dev libpsl-dev publicsuffix \
  libidn2-dev libicu-dev
TEST_PACKAGES = libgtest-dev libgmock-dev clang clang-format clang-tidy chromium postfix swaks \
  p7zip-full zip sqlite3 binutils clamav procps redis-server nsd ldnsutils dovecot-core dovecot-lmtpd msmtp \
  openssl libgnutls-dane0 libidn12 libnsl2 libdb5.3 libyaml-cpp-dev libopendkim-dev opendkim-tools \
  libmail-dkim-perl python3-dkim python3-dnspython python3-spf python3-dns python3-yaml \
  python3-authres python3-nacl

PRESET ?= release
TESTING ?= ON
BIN = build/$(PRESET)/bin

.PHONY: run test build packages test-packages asan tsan clean

run: packages
	@$(MAKE) --no-print-directory build TESTING=OFF
	@tests/demo/run.py --bin $(BIN) $(if $(ONCE),--once)

test: packages test-packages build
	@echo "== tests ($(PRESET))"
	@ctest --preset $(PRESET) -j2

build:
	@echo "== build ($(PRESET))"
	@cmake --preset $(PRESET) -DBUILD_TESTING=$(TESTING) > build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
	@rm -f build-configure.log
	@cmake --build --preset $(PRESET) -j2

asan tsan: packages test-packages
	@$(MAKE) --no-print-directory test PRESET=$@

packages:
	@tests/support/install_packages.sh $(BUILD_PACKAGES)

test-packages:
	@tests/support/install_packages.sh $(TEST_PACKAGES)

clean:
	rm -rf build demo
