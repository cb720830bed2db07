// Any bytes as a table of trained networks: refused with a sentence, or a domain on which a short search runs; and any bytes as a key.
#include <cstdlib>

#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/tabular.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const hasse::tabular_benchmark table = hasse::parse_benchmark(text, "fuzz");
    for (const auto order : {hasse::tabular_order::strict, hasse::tabular_order::embedding, hasse::tabular_order::product}) {
      const hasse::tabular_domain domain(table, order);
      hasse::partial_order_pruning policy(domain);
      while (const auto x = policy.ask()) {
        if (domain.parse(domain.text(*x)) != *x || !domain.precedes(*x, *x)) std::abort();
        policy.tell(*x, {domain.accuracy(*x)});
      }
      for (const auto& claim : policy.certificates())
        if (!hasse::certificate_fault(domain, claim, policy.done()).empty()) std::abort();
    }
  } catch (const hasse::file_error&) {
  }
  static const hasse::tabular_benchmark small = hasse::parse_benchmark(R"({"00000000":{"mean_acc":10,"flops":5},"00000010":{"mean_acc":4,"flops":9}})", "small");
  try {
    hasse::tabular_domain(small).parse(text);
  } catch (const hasse::error&) {
  }
  return 0;
}
