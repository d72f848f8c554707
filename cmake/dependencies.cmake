# Debian packages only; script/bootstrap installs them. docs/dependencies.md says why each.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(libdeflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(openssl REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(cairo REQUIRED IMPORTED_TARGET pangocairo cairo-pdf)
pkg_check_modules(xlsxwriter REQUIRED IMPORTED_TARGET xlsxwriter)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
find_package(simdjson REQUIRED)
find_package(date REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(RocksDB QUIET)

add_library(rocksdb INTERFACE)
target_link_libraries(rocksdb INTERFACE -lrocksdb)

add_library(spdlog_fmt INTERFACE)
target_link_libraries(spdlog_fmt INTERFACE spdlog::spdlog fmt::fmt Threads::Threads)

# Asio and Beast are headers; only server/ and the load generator's transport include them.
add_library(boost_asio INTERFACE)
target_compile_definitions(boost_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(boost_asio INTERFACE Threads::Threads)
