// expect: hasse: a search that hands networks over needs a run_folder behind the test samples, and something else stands there (the arguments are named in this message); give a variable, run_folder folder(path, settings)
#include <hasse/price/macs.hpp>
#include <hasse/program/search.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
template <class Engine>
void go(const candidate_trainer<Engine>& train, const image_set& test) { search<space>(mac_price{}, train, test, run_folder("run", {{"seed", 1}})); }
template void go(const candidate_trainer<any_backend<float>>&, const image_set&);
