#include "profile/origin.h"

#include <gtest/gtest.h>

namespace hasten::profile {
namespace {

TEST(Origin, OwnCode) {
  for (const char* file : {"app.py", "/home/u/project/app.py", "<stdin>", "<ipython-input-3-0a1b>",
                           "/srv/lib/python3/tool.py", "/home/u/lib/python3.ideas/a.py"}) {
    EXPECT_EQ(origin_of(file).kind, OriginKind::Own) << file;
  }
}

TEST(Origin, Packages) {
  EXPECT_EQ(origin_of("/v/lib/python3.11/site-packages/numpy/core/x.py"), (Origin{OriginKind::Package, "numpy"}));
  EXPECT_EQ(origin_of("/usr/lib/python3/dist-packages/six.py"), (Origin{OriginKind::Package, "six"}));
  EXPECT_EQ(origin_of("/home/u/.local/lib/python3.13/site-packages/rich/a.py"), (Origin{OriginKind::Package, "rich"}));
}

TEST(Origin, StandardLibraryByModule) {
  const std::pair<const char*, const char*> cases[]{{"/usr/lib/python3.11/json/decoder.py", "json"},
                                                    {"<frozen importlib._bootstrap>", "importlib"},
                                                    {"<frozen os>", "os"},
                                                    {"/opt/py/lib/python3.13/asyncio/events.py", "asyncio"},
                                                    {"/usr/lib64/python3.12/os.py", "os"},
                                                    {"/usr/lib/python311.zip/os.py", "os"}};
  for (const auto& [file, module] : cases) {
    EXPECT_EQ(origin_of(file), (Origin{OriginKind::Standard, module})) << file;
  }
}

TEST(Origin, Generated) {
  EXPECT_EQ(origin_of("<string>").kind, OriginKind::Generated);
  EXPECT_EQ(origin_of("<string>", true).kind, OriginKind::Own);
  EXPECT_EQ(origin_of("<attrs generated init app.Point>").kind, OriginKind::Generated);
  EXPECT_EQ(origin_of("<__array_function__ internals>").kind, OriginKind::Generated);
}

}  // namespace
}  // namespace hasten::profile
