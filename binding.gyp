{
  # Hands over to the one build of this package: scripts/build-addon.mjs by way of scripts/node-gyp.mjs.
  "targets": [
    {
      "target_name": "w2s",
      "type": "none",
      "actions": [
        {
          "action_name": "build_addon",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/w2s.node"],
          "action": ["node", "scripts/node-gyp.mjs"]
        }
      ]
    }
  ]
}
