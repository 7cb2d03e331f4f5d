import path from 'node:path';
import { fileURLToPath } from 'node:url';

import browserslist from 'browserslist';
import CssMinimizerPlugin from 'css-minimizer-webpack-plugin';
import { browserslistToTargets } from 'lightningcss';
import MiniCssExtractPlugin from 'mini-css-extract-plugin';
import { VueLoaderPlugin } from 'vue-loader';
import webpack from 'webpack';
import BundleTracker from 'webpack-bundle-tracker';

const here = path.dirname(fileURLToPath(import.meta.url));
const outputFolder = path.resolve(here, '../static/app');

/** The oldest browsers that are served, as package.json names them: from here styles and scripts are lowered. */
const floor = browserslistToTargets(browserslist(null, { path: here }));
/** esbuild's names of them: `chrome109`, `safari16.4`. LightningCSS packs a version into three bytes. */
const scriptTargets = Object.entries(floor).map(
  ([name, version]) => `${name.replace('ios_saf', 'ios')}${version >> 16}.${(version >> 8) & 255}`,
);

export default (environment, { mode }) => {
  const isProduction = mode === 'production';
  const cssForTheFloor = new CssMinimizerPlugin({
    minify: CssMinimizerPlugin.lightningCssMinify,
    minimizerOptions: { targets: floor },
  });
  const nameWithHash = isProduction ? '[name].[contenthash:10]' : '[name]';

  return {
    mode,
    context: here,
    target: 'browserslist',
    entry: {
      main: './src/main.ts',
      // Served at /sw.js, so that it may answer for every page (patients/api/pages.py).
      sw: { import: './src/serviceWorker.ts', filename: 'sw.js' },
    },
    output: {
      path: outputFolder,
      publicPath: '/static/app/',
      filename: `${nameWithHash}.js`,
      chunkFilename: `${nameWithHash}.js`,
      assetModuleFilename: '[name].[contenthash:10][ext]',
      hashDigestLength: 10,
      clean: { keep: /\.gitkeep$/ },
    },
    // A source map by eval would need script-src 'unsafe-eval', which the content security policy denies.
    devtool: isProduction ? false : 'cheap-module-source-map',
    resolve: {
      extensions: ['.ts', '.js', '.vue'],
      alias: { '@': path.resolve(here, 'src') },
    },
    module: {
      rules: [
        { test: /\.vue$/, loader: 'vue-loader' },
        {
          test: /\.ts$/,
          // Without `loader: 'ts'` the script part of a .vue file is refused: its name does not end in .ts.
          loader: 'esbuild-loader',
          options: { loader: 'ts', target: scriptTargets },
        },
        // Packages are published for browsers newer than ours.
        {
          test: /\.m?js$/,
          include: /node_modules/,
          loader: 'esbuild-loader',
          options: { target: scriptTargets },
        },
        // Styles are files of their own, never <style> tags: the policy allows no inline style.
        { test: /\.css$/, use: [MiniCssExtractPlugin.loader, 'css-loader'] },
        { test: /\.woff2$/, type: 'asset/resource' },
        // The page names its icon without a hash.
        { test: /\.svg$/, type: 'asset/resource', generator: { filename: '[name][ext]' } },
      ],
    },
    plugins: [
      new VueLoaderPlugin(),
      new MiniCssExtractPlugin({
        filename: `${nameWithHash}.css`,
        chunkFilename: `${nameWithHash}.css`,
      }),
      // Its paths are relative: the file lies among those that everybody may read.
      new BundleTracker({ path: outputFolder, filename: 'webpack-stats.json', relativePath: true }),
      new webpack.DefinePlugin({
        __VUE_OPTIONS_API__: false,
        __VUE_PROD_DEVTOOLS__: false,
        __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
        __VUE_I18N_FULL_INSTALL__: false,
        __VUE_I18N_LEGACY_API__: false,
        __INTLIFY_DROP_MESSAGE_COMPILER__: false,
        // Messages are compiled to an AST, not by `new Function`, which the policy forbids.
        __INTLIFY_JIT_COMPILATION__: true,
        __INTLIFY_PROD_DEVTOOLS__: false,
        __DEV_TOOLS__: !isProduction,
      }),
    ],
    optimization: {
      minimizer: ['...', cssForTheFloor],
      splitChunks: {
        // The service worker is one file.
        chunks: (chunk) => chunk.name !== 'sw',
        cacheGroups: {
          vendor: {
            test: /[\\/]node_modules[\\/](@vue|vue|vue-router|pinia|vue-i18n|@intlify|partysocket)[\\/]/,
            name: 'vendor',
            chunks: 'initial',
          },
        },
      },
    },
    performance: { hints: false },
    stats: { preset: 'minimal', assets: true },
  };
};
