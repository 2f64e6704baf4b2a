"""A lit format whose tests are the files of patterns/, wherever the folder of tests is."""

import os

import lit.formats
import lit.Test


class PatternTest(lit.Test.Test):
    def getSourcePath(self):
        return os.path.join(self.config.attn_source_root, "patterns", self.path_in_suite[-1])


class PatternFormat(lit.formats.ShTest):
    def getTestsInDirectory(self, testSuite, path_in_suite, litConfig, localConfig):
        if path_in_suite != ("Patterns",):
            return  # __pycache__
        for name in sorted(os.listdir(os.path.join(localConfig.attn_source_root, "patterns"))):
            if name.endswith(".mlir"):
                yield PatternTest(testSuite, path_in_suite + (name,), localConfig)
